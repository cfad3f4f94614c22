"""Studies of talent programmes: patents, displacement, who gains."""

import numpy as np

from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy

LAST = EVENT + 6
YEARS = range(EVENT + 4, LAST + 1)
"""Four to six years after recruiting starts."""
RECRUITS = 20_000.0
"""People a year that all treated cities ask for."""


def programme(lab: Lab) -> Panel:
    """Return the world in which the treated cities recruit talent."""
    return lab.under(policy("talent_half", lab.treated, talent_inflow=RECRUITS), LAST)


def _gained(lab: Lab, panel: Panel, name: str) -> np.ndarray:
    """Return what a stock of each city has gained by the middle of the years that are read."""
    return np.asarray(panel.cities[EVENT + 4][name] - lab.usual.cities[EVENT + 4][name])


def _patents(panel: Panel) -> np.ndarray:
    return np.log(sum(panel.by_city("invention_patents_granted", year) for year in YEARS))


def patents_per_talent(lab: Lab) -> Finding:
    """Elasticity of a city's invention patents to its researchers, by those whom programmes bring."""
    panel, drawn = programme(lab), lab.drawn
    patents = _patents(panel) - _patents(lab.usual)
    before, after = (world.cities[EVENT + 4]["researchers"] for world in (lab.usual, panel))
    people = np.log(after / before)
    gap = [float(values[drawn].mean() - values[~drawn].mean()) for values in (patents, people)]
    return Finding(paired=(gap[0], gap[1]))


def displacement(lab: Lab) -> Finding:
    """Other researchers that a city gains (or loses, below 0) for each recruit that it has."""
    panel, drawn = programme(lab), lab.drawn
    recruits = _gained(lab, panel, "recruits")
    others = _gained(lab, panel, "researchers") - recruits
    return Finding(paired=(float(others[drawn].sum()), float(recruits[drawn].sum())))


def strong_and_weak(lab: Lab) -> Finding:
    """Rise of patents by programmes in cities strong in talent over that in weak ones."""
    usual = lab.usual
    panel = lab.under(policy("talent_all", ("all",), talent_inflow=RECRUITS), LAST)
    rise = _patents(panel) - _patents(usual)
    strength = usual.cities[EVENT]["researchers"] / usual.by_city("gdp", EVENT)
    strong = strength >= np.median(strength)
    return Finding(paired=(float(rise[strong].mean()), float(rise[~strong].mean())))


_TALENT = "talent_inflow"
STUDIES = (
    Study("talent_patents", _TALENT, "instrumented difference in differences over cities",
          "elasticity of patents to the skilled stock, four to six years", "1.0", 0.5, 2.0,
          "Hunt & Gauthier-Loiselle 2010, shrunk", patents_per_talent, counted=PAIRED,
          parameter="talent_quality_elasticity"),
    Study("talent_displacement", _TALENT, "treated against untreated cities",
          "other researchers gained a recruit", "0", -0.1, 0.1, "Kerr & Lincoln 2010", displacement,
          counted=PAIRED,
          note="recruits lower the wage of researchers, and some of the others move away"),
    Study("talent_strong_cities", _TALENT, "heterogeneous effects over cities",
          "effect in strong over weak cities, ratio", "> 2", 1.5, np.inf, "Lu, Zhang & Zhu 2021",
          strong_and_weak, counted=PAIRED,
          note="programmes are shared out by GDP, so recruits weigh more where there are few researchers"),
)  # fmt: skip
