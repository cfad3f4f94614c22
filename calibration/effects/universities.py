"""Studies of universities: who owns inventions, pilots of ownership, what public research gives to firms."""

import numpy as np

from calibration.effects.estimators import difference_in_differences
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy
from simulation.model import InnovationModel

REFORM = EVENT + 3
"""Year from which professors lose their privilege; before it, title has been learnt in full."""
AFTER = range(REFORM + 1, REFORM + 4)
PILOT_YEARS = range(EVENT + 3, EVENT + 6)
SCIENCE = 1.2
"""Public funding of treated universities relative to untreated ones."""
SCIENCE_YEARS = range(EVENT, EVENT + 6)


def _privilege(lab: Lab, left: float) -> Panel:
    """Return the world in which inventors own their inventions, and from `REFORM` on this share of them."""
    scenario = policy(f"privilege_{left:.2f}".replace(".", "_"), ("all",), inventor_share=1.0)

    def each_year(model: InnovationModel) -> None:
        if model.year == REFORM:
            model.levers["inventor_share"][model.quarter :] = left

    return lab.under(scenario, AFTER[-1], each_year)


def _sum(panel: Panel, years: range, name: str) -> np.ndarray:
    return np.asarray(sum(panel.academia[year][name] for year in years))


def _counts(panel: Panel, name: str) -> tuple[float, float]:
    """Return a count of all universities in three years before and after the reform."""
    before = range(REFORM - 3, REFORM)
    return float(_sum(panel, before, name).sum()), float(_sum(panel, AFTER, name).sum())


def norway_start_ups(lab: Lab) -> Finding:
    """Change of university start-ups over that of other new firms, when inventors keep a third."""
    reformed, kept = _privilege(lab, 1.0 / 3.0), _privilege(lab, 1.0)
    before, after = _counts(reformed, "spin_offs")
    others = [
        reformed.table.get("new_firms", "YRD", year) - reformed.academia[year]["spin_offs"].sum() / lab.scale
        for year in (*range(REFORM - 3, REFORM), *AFTER)
    ]
    growth = sum(others[3:]) / sum(others[:3])
    untreated = _counts(kept, "spin_offs")[1]
    return Finding((after - growth * before, growth * before), (after - untreated, untreated))


def finland_patents(lab: Lab) -> Finding:
    """Change of universities' invention filings when inventors keep a third, over untreated ones."""
    reformed, kept = (_counts(_privilege(lab, left), "filings")[1] for left in (1.0 / 3.0, 1.0))
    return Finding(paired=(reformed - kept, kept))


def ownership_pilot(lab: Lab) -> Finding:
    """Licences of pilot universities after three years, log points over others."""
    names = np.array([university.name for university in lab.usual.model.universities])
    pilot = np.random.default_rng(lab.seed).permutation(names.size) < names.size // 2
    scenario = policy("ownership_pilot_study", ("all",), inventor_share=0.7)
    scenario = scenario.model_copy(update={"pilot_institutions": tuple(names[pilot].tolist())})
    panel = lab.under(scenario, PILOT_YEARS[-1])
    before = panel.academia[EVENT - 1]["licences"]
    after, without = (_sum(world, PILOT_YEARS, "licences") for world in (panel, lab.usual))
    logs = [np.log(np.maximum(0.5, values)) for values in (before, after)]
    estimate = difference_in_differences(logs[0], logs[1], pilot, weight=before)
    return Finding(
        (estimate, 1.0), (float(after[pilot].sum() - without[pilot].sum()), float(without[pilot].sum()))
    )


def public_science(lab: Lab) -> Finding:
    """Patents of firms a 100m CNY of public research: treated cities less the same cities without."""

    def treat(model: InnovationModel) -> None:
        for university in model.universities:
            if lab.drawn[university.city]:
                university.funding *= SCIENCE
                university.planned *= SCIENCE

    panel = lab.world("more public research", SCIENCE_YEARS[-1], treat)
    gained = _firms_filings(panel, lab) - _firms_filings(lab.usual, lab)
    money = sum(
        panel.table.get("rd_expenditure", city, year) - lab.usual.table.get("rd_expenditure", city, year)
        for city in lab.treated
        for year in SCIENCE_YEARS
    )
    return Finding(paired=(gained * float(lab.usual.model.pass_rate), money))


def _firms_filings(panel: Panel, lab: Lab) -> float:
    """Return invention filings of all firms in the treated cities."""
    filed = [panel.years[year] for year in SCIENCE_YEARS]
    return sum(float(firms["filings"][lab.drawn[firms["city"]]].sum()) for firms in filed) / lab.scale


_OWNERSHIP = "inventor_share"
STUDIES = (
    Study("privilege_norway", _OWNERSHIP, "difference in differences, university and other start-ups",
          "change of university start-ups, inventor's share from 1 to 1/3", "-0.5", -0.55, -0.25,
          "Hvide & Jones 2018", norway_start_ups, parameter="ownership_elasticity",
          note="the elasticity was shrunk, and inventors keep half of the reward whoever holds title"),
    Study("privilege_finland", _OWNERSHIP, "treated against untreated universities",
          "change of universities' patent filings", "-0.29 to -0.46", -0.46, -0.29,
          "Ejermo & Toivanen 2018", finland_patents, counted=PAIRED,
          note="title moves what inventors do with inventions, not how many they make"),
    Study("ownership_pilot", _OWNERSHIP, "difference in differences over universities",
          "rise of licences after three years", "0.15", 0.0, 0.35,
          "synthesis of Ren & Mei 2023 and others", ownership_pilot, counted=PAIRED,
          parameter="title_weight"),
    Study("public_science", "public research", "treated against untreated cities",
          "patents of firms in six years, a 100m CNY", "3.6 (2.5 per 10m US$)", 3.3, 4.1,
          "Azoulay, Graff Zivin, Li & Sampat 2019; 6.9 CNY a US$", public_science, counted=PAIRED,
          note="knowledge of universities reaches firms through partners only, and more research bids up the "
               "wage of the same researchers"),
)  # fmt: skip
