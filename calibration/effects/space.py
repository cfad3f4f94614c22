"""Studies of distance, borders and integration: spillovers, collaboration, travel time."""

from dataclasses import replace

import numpy as np

from calibration.effects.cities import city_effect, distances
from calibration.effects.estimators import gravity
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy
from simulation.effects import FITTED_YEARS, damped_years
from simulation.geography import load_geography
from simulation.model import InnovationModel

LAST = EVENT + 3
NEAR = 300.0
"""Kilometres within which neighbours count (Bottazzi & Peri)."""
RAIL_NEAR = 250.0
SHORTER = 0.7
"""Travel time between cities that rail connects, relative to before (assumption of the virtual study)."""


def _links(panel: Panel) -> np.ndarray:
    """Return links from firms of one city (row) to those of another, mean of some years (float64[C, C])."""
    years = range(EVENT, LAST + 1)
    return np.asarray(np.mean([panel.cities[year]["links"][:, :-1] for year in years], axis=0))


def _gravity(lab: Lab) -> np.ndarray:
    """Return the elasticity of links to distance, and the log of what a common province does to them."""
    geography = load_geography()
    links = _links(lab.usual)
    return gravity(links + links.T, distances(geography), geography.same_province)


def distance_elasticity(lab: Lab) -> Finding:
    """Elasticity of links between cities to distance."""
    return Finding((float(_gravity(lab)[0]), 1.0))


def within_provinces(lab: Lab) -> Finding:
    """Links within a province over links across its border, distance and masses held fixed."""
    return Finding((float(np.exp(_gravity(lab)[1])), 1.0))


def rail(lab: Lab) -> Finding:
    """Rise of links that shorter travel brings on near routes, less that on far ones."""

    def connect(model: InnovationModel) -> None:
        minutes = model.geography.minutes
        apart = ~np.eye(minutes.shape[0], dtype=bool)
        model.geography = replace(model.geography, minutes=np.where(apart, SHORTER * minutes, minutes))

    panel = lab.world("rail", LAST, connect)
    with_, without, gaps = _links(panel), _links(lab.usual), distances(load_geography())
    apart, near = ~np.eye(gaps.shape[0], dtype=bool), gaps < RAIL_NEAR
    rises = [with_[part].sum() / without[part].sum() for part in (near & apart, ~near & apart)]
    return Finding(paired=(float(rises[0] - rises[1]), 1.0))


def neighbours(lab: Lab) -> Finding:
    """Rise of inventions of firms when neighbours within 300 km double their R&D, first order.

    R&D of half of the cities is raised; the others are looked at.
    """

    def encourage(model: InnovationModel) -> None:
        years = damped_years(LAST - 2015 + 1.0, FITTED_YEARS, float(model.p["trend_damping"]))
        model.place_effects["rd_trend"] = model.place_effects["rd_trend"] + np.where(
            lab.drawn[model.geography.city_of], np.log(2.0) / years, 0.0
        )

    panel, usual = lab.world("more R&D next door", LAST, encourage), lab.usual
    gaps = distances(panel.model.geography)
    close = (gaps < NEAR) & ~np.eye(gaps.shape[0], dtype=bool)
    nearby = [close @ world.by_city("rd_expenditure", LAST) for world in (panel, usual)]
    filed = [_filings(world) for world in (panel, usual)]
    others = ~lab.drawn
    rise = float(np.log(filed[0] / filed[1])[others].mean())
    doublings = float(np.log2(nearby[0] / nearby[1])[others].mean())
    return Finding(paired=(rise, doublings))


def _filings(panel: Panel) -> np.ndarray:
    firms = panel.years[LAST]
    return np.bincount(firms["city"], firms["filings"], len(load_geography().cities))


def enlargement(lab: Lab) -> Finding:
    """Log invention patents of cities that integrate with the delta."""
    panel = lab.under(policy("enlargement", lab.treated, delta_link=1.0), EVENT + 6)
    return city_effect(lab, panel, "invention_patents_granted", EVENT + 6, first=EVENT + 4)


_LINKS = "collaboration"
STUDIES = (
    Study("links_distance", _LINKS, "gravity regression (Poisson, city effects)",
          "elasticity of links to distance", "-0.8", -1.5, -0.3,
          "Scherngell & Hu 2011; Jiang et al. 2017, reading of the literature", distance_elasticity),
    Study("links_province", _LINKS, "gravity regression (Poisson, city effects)",
          "links within over across provinces, ratio", "6.9 before controls", 5.0, 9.0,
          "Jiang, Shi, Peng & Li 2017", within_provinces, parameter="border_penalty"),
    Study("links_rail", "travel time", "near against far routes that become faster",
          "rise of links below 250 km less that beyond", "> 0", 0.0, np.inf, "Li & Li 2022", rail,
          counted=PAIRED,
          note="contact halves with every so many minutes, so a given share off travel time does most for "
               "long routes"),
    Study("neighbours_research", "spillovers", "treated neighbours",
          "rise of filings a doubling of R&D within 300 km", "0.025", 0.01, 0.05,
          "Bottazzi & Peri 2003", neighbours, counted=PAIRED, parameter="spillover_elasticity",
          note="researchers move to where R&D grows, which takes back a part"),
    Study("enlargement_patents", "delta_link", "difference in differences over cities",
          "log points of invention patents, five to seven years", "> 0", 0.0, np.inf,
          "Shao, Wang & Luo 2020", enlargement, counted=PAIRED),
)  # fmt: skip
