"""Studies of guidance funds and venture capital: crowding in, entry, exits, patents a yuan."""

import numpy as np

from calibration.effects.cities import city_effect
from calibration.effects.estimators import two_way
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy
from scenarios.scenario import Condition
from simulation.model import InnovationModel

LAST = EVENT + 3
SLUMP = -6.0
"""Points of GDP growth that a downturn takes off."""
YUAN = 60.0
"""Money of the programme, 100m CNY a year for all of its cities."""


def _flows(panel: Panel) -> np.ndarray:
    """Return (private, public) money that partners of each city's fund have paid in (float64[2, C])."""
    return np.array([panel.cities[LAST][name] for name in ("private_paid", "public_paid")])


def programme(lab: Lab) -> Panel:
    """Return the world with guidance funds in the treated cities."""
    return lab.under(policy("guidance_half", lab.treated, guidance_fund=YUAN), LAST)


def plain(lab: Lab) -> Panel:
    """Return the untreated world, to the same year."""
    return lab.usual


def crowding_in(lab: Lab) -> Finding:
    """Private yuan that a public one brings in: cities with a programme less the same cities without."""
    gained = _flows(programme(lab)) - _flows(plain(lab))
    return Finding(paired=(float(gained[0].sum()), float(gained[1].sum())))


def crowding_in_by_depth(lab: Lab) -> Finding:
    """Private yuan a public one in cities with little capital relative to GDP less those with much."""
    usual = plain(lab)
    depth = usual.by_city("innovation_capital", EVENT) / usual.by_city("gdp", EVENT)
    panel = lab.under(policy("guidance_all", ("all",), guidance_fund=2.0 * YUAN), LAST)
    private, public = _flows(panel) - _flows(usual)
    thin = depth < np.median(depth)
    brought = [float(private[part].sum() / public[part].sum()) for part in (thin, ~thin)]
    return Finding(paired=(brought[0] - brought[1], 1.0))


def early_stage(lab: Lab) -> Finding:
    """Log seed rounds of cities with a programme."""
    return city_effect(lab, programme(lab), "seed_rounds", LAST)


def firm_formation(lab: Lab) -> Finding:
    """Log new firms of cities with a programme."""
    return city_effect(lab, programme(lab), "new_firms", LAST)


def patents_a_yuan(lab: Lab) -> Finding:
    """Yuan of R&D that make as many patents as one of venture capital (Kortum & Lerner's regression).

    ln P = a ln R + a b V/R + effects of city-fields and years, over firms of a city and field; b is returned.
    """
    cells, years = [], []
    kept_sums: list[list[np.ndarray]] = [[], [], []]
    shape = (len(lab.usual.model.geography.cities), 8)
    for year in range(2016, 2020):
        firms = lab.usual.years[year]
        cell = np.ravel_multi_index((firms["city"].astype(int), firms["field"].astype(int)), shape)
        old = lab.usual.of(year - 1, firms["id"], "equity")
        sums = [
            np.bincount(cell, weight, shape[0] * shape[1])
            for weight in (firms["filings"], firms["rd"], np.maximum(0.0, firms["equity"] - old))
        ]
        kept = np.flatnonzero((sums[0] > 10.0) & (sums[1] > 0.0))
        cells.append(kept)
        years.append(np.full(kept.size, year))
        for values, total in zip(kept_sums, sums, strict=True):
            values.append(total[kept])
    p, r, v = map(np.concatenate, kept_sums)
    design = two_way(np.concatenate(cells), np.concatenate(years), np.log(r), v / r)
    elasticity, together, *_ = np.linalg.lstsq(design, np.log(p), rcond=None)[0]
    return Finding((float(together), float(elasticity)))


def _performance(lab: Lab, downturn: bool) -> tuple[float, float]:
    """Return yearly exits a yuan held by funds made public at the event, and by the same funds private.

    Both by cost: what was sold or listed over what was held.
    """
    scenario = policy("downturn", ("all",))
    if downturn:
        slump = Condition(change=SLUMP, start=f"{EVENT}Q1", end="2022Q4")
        scenario = scenario.model_copy(update={"conditions": {"gdp_growth": slump}})

    def make_public(model: InnovationModel) -> None:
        for fund in model.funds:
            if lab.drawn[fund.city]:
                fund.public_paid += fund.private_paid
                fund.private_paid = 0.0

    suffix = " in a downturn" if downturn else ""
    private = lab.world(f"private funds{suffix}", LAST + 2, scenario=scenario)
    public = lab.world(f"public funds{suffix}", LAST + 2, each_year=make_public, scenario=scenario)
    return _exits(public, lab.drawn), _exits(private, lab.drawn)


def _exits(panel: Panel, cities: np.ndarray) -> float:
    years = range(EVENT + 1, LAST + 3)
    sold = panel.cities[years[-1]]["cost_returned"] - panel.cities[years[0]]["cost_returned"]
    held = np.sum([panel.cities[year]["portfolio"] for year in years], axis=0)
    return float(sold[cities].sum() / held[cities].sum())


def public_exits(lab: Lab) -> Finding:
    """Exits of public funds over those of private ones, less one."""
    public, private = _performance(lab, downturn=False)
    return Finding(paired=(public - private, private))


def public_exits_in_a_downturn(lab: Lab) -> Finding:
    """Gap of public funds' exits in a downturn over the gap in usual times."""
    (slump, slump_private), (usual, private) = (_performance(lab, downturn) for downturn in (True, False))
    return Finding(paired=(slump / slump_private - 1.0, usual / private - 1.0))


_GUIDANCE = "guidance_fund"
STUDIES = (
    Study("guidance_crowding_in", _GUIDANCE, "treated against untreated cities",
          "private yuan a public yuan, after four years", "0.9", 0.4, 1.1,
          "SSRN 3221997: China 1999-2013", crowding_in, counted=PAIRED,
          note="most of the money goes where GDP and venture capital are, and there teams would have closed "
               "without it; in thin markets a yuan brings in more (`guidance_depth`), and the published "
               "estimate is of years when all markets were thin"),
    Study("guidance_depth", _GUIDANCE, "difference by depth of the local market",
          "private yuan a public yuan, thin less deep markets", "> 0", 0.0, np.inf,
          "SSRN 3221997; Li, Liang & Wang 2020 find the reverse", crowding_in_by_depth, counted=PAIRED),
    Study("guidance_seed", _GUIDANCE, "difference in differences over cities",
          "log points of seed rounds", "> 0", 0.0, np.inf, "Zhang I. 2025", early_stage,
          counted=PAIRED,
          note="money looks for deals by travel time, so neighbours gain nearly as much as the city"),
    Study("guidance_entry", _GUIDANCE, "difference in differences over cities",
          "log points of new firms", "< 0", -np.inf, 0.0, "Zhang I. 2025", firm_formation,
          counted=PAIRED,
          note="founders outside the mandate of funds lose nothing by them: entry follows the number of "
               "firms, wages and registration"),
    Study("venture_patents", "venture capital", "regression of patents over cities, fields and years",
          "yuan of R&D as good as one of venture money", "2.7", 2.0, 5.0, "Kortum & Lerner 2000",
          patents_a_yuan,
          note="venture money pays for R&D and growth as other money does: funds neither pick what is more "
               "inventive nor coach"),
    Study("public_exits", "public venture funds", "public against private funds",
          "exits of public over private funds, less one", "-0.3", -0.40, -0.15, "Li 2023",
          public_exits, counted=PAIRED, parameter="public_exit_penalty"),
    Study("public_exits_downturn", "public venture funds", "public against private funds, by the cycle",
          "gap in a downturn over the usual gap", "0.4", 0.25, 0.70, "Li 2023",
          public_exits_in_a_downturn, counted=PAIRED,
          note="public funds do as well or badly in a slump as in a boom: patience is not in the model"),
)  # fmt: skip
