"""Studies of distance, borders and integration: spillovers, collaboration, travel time."""

from dataclasses import replace

import numpy as np

from calibration.effects.cities import city_effect
from calibration.effects.estimators import poisson_regression
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy
from simulation.effects import FITTED_YEARS, damped_years
from simulation.geography import Geography, load_geography
from simulation.model import InnovationModel

LAST = EVENT + 3
NEAR = 300.0
"""Kilometres within which neighbours count (Bottazzi & Peri)."""
RAIL_NEAR = 250.0
SHORTER = 0.7
"""Travel time between cities that rail connects, relative to before (assumption of the virtual study)."""
_EARTH = 6371.0


def distances(geography: Geography) -> np.ndarray:
    """Return great-circle distances between cities in kilometres (float64[C, C])."""
    cities = geography.places[: len(geography.cities)]
    lat, lon = (np.radians([getattr(city, name) for city in cities]) for name in ("lat", "lon"))
    half = np.sin((lat[:, None] - lat) / 2.0) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2.0) ** 2
    return np.asarray(2.0 * _EARTH * np.arcsin(np.sqrt(half)))


def _pairs(panel: Panel) -> dict[str, np.ndarray]:
    """Return links between two cities, in both directions together, with what divides them."""
    geography = panel.model.geography
    cities = len(geography.cities)
    first, second = np.triu_indices(cities, 1)
    links = np.sum([panel.cities[year]["links"][:, :cities] for year in range(EVENT, LAST + 1)], axis=0)
    return {
        "links": (links + links.T)[first, second],
        "first": first,
        "second": second,
        "distance": distances(geography)[first, second],
        "inside": geography.same_province[first, second].astype(float),
    }


def _gravity(lab: Lab) -> np.ndarray:
    """Return coefficients of log distance and of a common province, masses held fixed by city effects."""
    pairs = _pairs(lab.usual)
    cities = len(lab.usual.model.geography.cities)
    masses = np.zeros((pairs["links"].size, cities))
    for name in ("first", "second"):
        masses[np.arange(masses.shape[0]), pairs[name]] = 1.0
    design = np.column_stack((np.log(pairs["distance"]), pairs["inside"], masses))
    return poisson_regression(pairs["links"], design)


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
    with_, without = _pairs(panel), _pairs(lab.usual)
    near = with_["distance"] < RAIL_NEAR
    rises = [with_["links"][part].sum() / without["links"][part].sum() for part in (near, ~near)]
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
          "Bottazzi & Peri 2003", neighbours, counted=PAIRED, parameter="spillover_elasticity"),
    Study("enlargement_patents", "delta_link", "difference in differences over cities",
          "log points of invention patents, five to seven years", "> 0", 0.0, np.inf,
          "Shao, Wang & Luo 2020", enlargement, counted=PAIRED),
)  # fmt: skip
