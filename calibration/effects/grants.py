"""Studies of R&D grants: what they add, what selection adds to that, who gets venture money."""

from collections.abc import Callable

import numpy as np

from calibration.effects.estimators import discontinuity, matched, winsorised
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel
from simulation.model import InnovationModel
from simulation.randomness import Purpose, draws

AFTER = range(EVENT, EVENT + 3)
"""Years over which effects are read: the year of the grant and two more."""
BANDWIDTH = 0.1
"""Of the score around the cut-off; the smaller of the two chances is 0.125."""


def without_grants(lab: Lab) -> Panel:
    """Return the world in which nobody gets a grant in the year of the event; later years are as usual."""
    usual = float(lab.usual.model.p["grant_coverage"])

    def each_year(model: InnovationModel) -> None:
        model.p["grant_coverage"] = usual if model.year > EVENT else 0.0

    return lab.world("no grants", AFTER[-1], each_year=each_year)


def _recipients(lab: Lab) -> np.ndarray:
    firms = lab.usual.years[EVENT]
    return np.asarray(firms["id"][firms["granted"] > 0.0])


def _per_yuan(lab: Lab) -> tuple[float, float]:
    """Return mean own R&D that grants add in all years, and mean grants, both relative to revenue."""
    usual, control, ids = lab.usual, without_grants(lab), _recipients(lab)
    size = usual.of(EVENT, ids, "revenue")
    granted = usual.total(AFTER, ids, "granted") - control.total(AFTER, ids, "granted")
    research = usual.total(AFTER, ids, "rd") - control.total(AFTER, ids, "rd")
    return float(np.mean((research - granted) / size)), float(np.mean(granted / size))


def additionality(lab: Lab) -> Finding:
    """Own R&D a public yuan, recipients against themselves without the year's grants."""
    return Finding(paired=_per_yuan(lab))


def _sample(lab: Lab) -> dict[str, np.ndarray]:
    """Return firms with R&D in the year before without a grant, by whether they got one at the event."""
    usual = lab.usual
    before, now = usual.years[EVENT - 1], usual.years[EVENT]
    ids = np.intersect1d(before["id"][(before["rd"] > 0.0) & (before["granted"] == 0.0)], now["id"])
    size = usual.of(EVENT - 1, ids, "revenue")
    own = [usual.of(year, ids, "rd") - usual.of(year, ids, "granted") for year in (EVENT - 1, *AFTER)]
    return {
        "treated": usual.of(EVENT, ids, "granted") > 0.0,
        "size": size,
        "change": winsorised((sum(own[1:]) - len(AFTER) * own[0]) / size),
        "granted": usual.total(AFTER, ids, "granted") / size,
        "level": winsorised(own[1]),
        "granted_now": winsorised(usual.of(EVENT, ids, "granted")),
        "filings": usual.total(AFTER, ids, "filings"),
        "cell": usual.of(EVENT - 1, ids, "field").astype(int) * 4
        + usual.of(EVENT - 1, ids, "kind").astype(int) * 2
        + (usual.of(EVENT - 1, ids, "patents") > 0.0),
        "covariates": np.column_stack(
            (np.log(size), np.log(usual.of(EVENT - 1, ids, "rd") / size), usual.of(EVENT - 1, ids, "filings"))
        ),
    }


def matched_own_research(lab: Lab) -> Finding:
    """Boeing's estimator: matching, then differences in differences of own R&D a yuan of grants."""
    data = _sample(lab)
    outcomes = np.column_stack((data["change"], data["granted"]))
    own, granted = matched(data["covariates"], data["cell"], data["treated"], outcomes).tolist()
    return Finding((own, granted), _per_yuan(lab))


def selection(lab: Lab) -> Finding:
    """Own R&D of recipients and others compared as they are, a yuan of grants, less the causal effect."""
    data = _sample(lab)
    treated = data["treated"]
    own = data["level"][treated].mean() - data["level"][~treated].mean()
    own_causal, granted = _per_yuan(lab)
    return Finding((float(own / data["granted_now"][treated].mean() - own_causal / granted), 1.0))


def matched_filings(lab: Lab) -> Finding:
    """Invention filings of recipients over those of matched firms, less one."""
    data = _sample(lab)
    gap = matched(data["covariates"], data["cell"], data["treated"], data["filings"][:, None])
    mean = float(data["filings"][data["treated"]].mean())
    usual, control, ids = lab.usual, without_grants(lab), _recipients(lab)
    with_, without = (panel.total(AFTER, ids, "filings").mean() for panel in (usual, control))
    return Finding((float(gap[0]), mean - float(gap[0])), (float(with_ - without), float(without)))


def scores(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """Return ids of applicants at the event and their scores less the cut-off of their class.

    Applicants are firms with R&D; the lot that the model draws for them is their score, and the cut-off is
    lower for firms with a patent.
    """
    before = lab.usual.years[EVENT - 1]
    before = before[before["does_rd"] == 1]
    chance = lab.usual.model.p["grant_coverage"] * np.where(before["patents"] > 0, 1.0, 0.5)
    quarter = 4 * (EVENT - 2015)
    return before["id"], chance - draws(lab.seed, before["id"], quarter, Purpose.GRANT)


def filings_at_the_cut_off(lab: Lab) -> Finding:
    """Log of one plus invention filings of applicants just above the cut-off less those just below."""
    ids, score = scores(lab)
    before = (lab.usual.of(EVENT - 1, ids, name) for name in ("filings", "rd", "knowledge"))
    filings = np.log1p(lab.usual.total(AFTER, ids, "filings"))
    return Finding((discontinuity(score, filings, BANDWIDTH, *map(np.log1p, before))[0], 1.0))


def chance_at_the_cut_off(outcome: Callable[[Panel, np.ndarray], np.ndarray]) -> Callable[[Lab], Finding]:
    """Return a study of applicants around the cut-off: by how much the chance of an outcome jumps."""

    def measure(lab: Lab) -> Finding:
        ids, score = scores(lab)
        return Finding((discontinuity(score, outcome(lab.usual, ids), BANDWIDTH)[0], 1.0))

    return measure


def survived(panel: Panel, ids: np.ndarray) -> np.ndarray:
    """Return which firms (1 or 0) live at the end of the years after the event."""
    return np.asarray(panel.of(AFTER[-1], ids, "revenue") > 0.0, dtype=float)


def got_venture_money(panel: Panel, ids: np.ndarray) -> np.ndarray:
    """Return which firms (1 or 0) got venture money since the event."""
    then, now = (panel.of(year, ids, "equity") for year in (EVENT - 1, AFTER[-1]))
    return np.asarray(now > then, dtype=float)


def venture_money(lab: Lab) -> Finding:
    """Chance that a young firm gets venture money after a grant, relative to those just below the cut-off."""
    ids, score = scores(lab)
    panel = lab.usual
    birth = panel.of(EVENT - 1, ids, "birth")
    young = (panel.of(EVENT - 1, ids, "kind") == 1.0) & (4 * (EVENT - 2015) - birth <= 24)
    jump, level = discontinuity(score[young], got_venture_money(panel, ids[young]), BANDWIDTH)
    return Finding((level + jump, level))


def dispersal(lab: Lab) -> Finding:
    """Log productivity of firms when grants go to twice as many, less when they go to half as many."""

    def spread_out(factor: float) -> Panel:
        def treat(model: InnovationModel) -> None:
            model.p["grant_coverage"] *= factor
            model.p["grant_rate"] /= factor

        return lab.world(f"grants to {factor:g} times as many", AFTER[-1], treat)

    wide, narrow = (_productivity(spread_out(factor)) for factor in (2.0, 0.5))
    return Finding(paired=(wide - narrow, 1.0))


def _productivity(panel: Panel) -> float:
    firms, p = panel.years[AFTER[-1]], panel.model.p
    ratio = firms["knowledge"] / (firms["revenue"] * p["capital_reference"])
    return float(p["output_elasticity"] * np.log1p(ratio).mean())


_GRANTS = "R&D grants"
STUDIES = (
    Study("grants_average", _GRANTS, "treated against the same firms untreated",
          "yuan of own R&D a yuan of grants, over three years", "0", -0.05, 0.15,
          "Dimos & Pugh 2016, meta-regression of 52 studies", additionality, counted=PAIRED,
          note="the firm moves R&D only by its user cost and half of the money is misused, "
               "so much of a grant replaces own money"),
    Study("grants_china", _GRANTS, "matching, then difference in differences",
          "yuan of own R&D a yuan of grants", "-0.5 in 2006, none later", -0.6, 0.25,
          "Boeing 2016; band of the evidence", matched_own_research),
    Study("grants_selection", _GRANTS, "naive comparison less causal effect",
          "yuan of own R&D a yuan of grants", "> 0", 0.0, np.inf,
          "Dimos & Pugh 2016: effects are overstated where selection is not treated", selection),
    Study("innofund_matched", _GRANTS, "matched comparison", "rise of invention filings", "> 0", 0.0, np.inf,
          "Guo, Guo & Jiang 2016", matched_filings),
    Study("innofund_patents", _GRANTS, "regression discontinuity in scores",
          "rise of invention filings at the cut-off", "0", -0.05, 0.05, "Wang, Li & Furman 2017",
          filings_at_the_cut_off,
          note="a grant lowers the price of R&D, so inventions follow; what made InnoFund's money idle "
               "(interference, connections) is in the model only as misuse"),
    Study("innofund_survival", _GRANTS, "regression discontinuity in scores",
          "chance to live three years later, jump at the cut-off", "0", -0.05, 0.05, "Wang, Li & Furman 2017",
          chance_at_the_cut_off(survived)),
    Study("innofund_venture", _GRANTS, "regression discontinuity in scores",
          "chance of venture money, jump at the cut-off", "0", -0.05, 0.05,
          "Wang, Li & Furman 2017", chance_at_the_cut_off(got_venture_money)),
    Study("grants_venture", _GRANTS, "regression discontinuity in scores",
          "chance of venture money of young firms, ratio", "2", 1.6, 2.4, "Howell 2017", venture_money,
          note="funds do not see that a prototype works: a grant is money and no news, so it moves nothing"),
    Study("grants_dispersal", _GRANTS, "the same money to four times as many firms",
          "log points of firms' productivity", "> 0", 0.0, np.inf, "Aghion et al. 2015", dispersal,
          counted=PAIRED,
          note="firms do not compete for what grants pay for, so it matters little how many get them"),
)  # fmt: skip
