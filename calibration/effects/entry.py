"""Studies of entry: easier registration, incubators."""

import numpy as np

from calibration.effects.cities import city_effect
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, policy
from simulation.model import InnovationModel

LAST = EVENT + 4
YOUNG = 8
"""Quarters of age at which entrants' productivity is read."""


def registration_reform(lab: Lab) -> Panel:
    """Return the world in which registration is reformed at full strength in the treated cities."""
    return lab.under(policy("registration_reform", lab.treated, one_visit_reform=1.0), LAST)


def entries(lab: Lab) -> Finding:
    """Log new firms of reformed cities."""
    return city_effect(lab, registration_reform(lab), "new_firms", LAST)


def exits(lab: Lab) -> Finding:
    """Log firms that close in reformed cities."""
    reformed, usual = registration_reform(lab), lab.usual
    own = np.log(_closed(reformed) / _closed(usual))
    return Finding(paired=(float(own[lab.drawn].mean() - own[~lab.drawn].mean()), 1.0))


def _closed(panel: Panel) -> np.ndarray:
    """Return firms that closed from the second year of the reform on, by city."""
    closed = [
        panel.by_city("exit_rate", year) / 100.0 * panel.by_city("firms", year)
        for year in range(EVENT + 1, LAST + 1)
    ]
    return np.asarray(sum(closed))


def entrants_productivity(lab: Lab) -> Finding:
    """Log productivity of reformed cities' entrants at the age of two, less that of entrants without."""
    levels = [_entrants_levels(panel) for panel in (registration_reform(lab), lab.usual)]
    own = levels[0] - levels[1]
    return Finding(paired=(float(own[lab.drawn].mean() - own[~lab.drawn].mean()), 1.0))


def _entrants_levels(panel: Panel) -> np.ndarray:
    """Return mean log productivity of firms born after the reform that are two years old, by city."""
    found = []
    for year in range(EVENT + 2, LAST + 1):
        firms = panel.years[year]
        age = 4 * (year - 2014) - firms["birth"]
        found.append(firms[(age > YOUNG - 4) & (age <= YOUNG) & (firms["revenue"] > 0.0)])
    young, p = np.concatenate(found), panel.model.p
    ratio = young["knowledge"] / (young["revenue"] * p["capital_reference"])
    values = p["output_elasticity"] * np.log1p(ratio)
    cities = len(panel.model.geography.cities)
    number = np.bincount(young["city"], minlength=cities)
    return np.asarray(np.bincount(young["city"], values, cities) / np.maximum(1, number))


def patents(lab: Lab) -> Finding:
    """Log invention patents granted in reformed cities."""
    return city_effect(lab, registration_reform(lab), "invention_patents_granted", LAST)


def _incubated(lab: Lab, mentoring: float) -> Panel:
    def treat(model: InnovationModel) -> None:
        model.p["mentoring_effect"] = mentoring

    return lab.world(f"mentoring {mentoring:g}", LAST, treat)


def _tenants_survival(panel: Panel) -> tuple[float, float]:
    """Return tenants of the year after the event that live three years later, and their number."""
    firms = panel.years[EVENT + 1]
    tenants = firms["id"][firms["tenant"] > 0]
    return float((panel.of(LAST, tenants, "revenue") > 0.0).sum()), float(tenants.size)


def schooling(lab: Lab) -> Finding:
    """Rise of tenants' survival over three years by mentoring, over that of tenants with space alone."""
    usual = float(lab.usual.model.p["mentoring_effect"])
    (alive, number), (alone, number_alone) = (
        _tenants_survival(_incubated(lab, effect)) for effect in (usual, 0.0)
    )
    return Finding(paired=(alive / number - alone / number_alone, alone / number_alone))


def space(lab: Lab) -> Finding:
    """Survival of tenants with space alone over that of independent entrants of the same age, less one."""
    panel = _incubated(lab, 0.0)
    firms = panel.years[EVENT + 1]
    age = 4 * (EVENT + 2 - 2015) - firms["birth"]
    young = firms[(firms["kind"] == 1) & (age <= YOUNG)]
    alive = panel.of(LAST, young["id"], "revenue") > 0.0
    housed = young["tenant"] > 0
    return Finding((float(alive[housed].mean() - alive[~housed].mean()), float(alive[~housed].mean())))


_REFORM, _INCUBATOR = "one_visit_reform", "incubator_places"
STUDIES = (
    Study("registration_entry", _REFORM, "difference in differences over cities",
          "log points of new firms", "0.25", 0.10, 0.35, "Barwick, Chen, Li & Zhang 2024", entries,
          counted=PAIRED, parameter="entry_ease_gain"),
    Study("registration_exit", _REFORM, "difference in differences over cities",
          "log points of firms that close, years two to five", "0.087", 0.03, 0.15,
          "Barwick, Chen, Li & Zhang 2024", exits, counted=PAIRED,
          note="more firms close because more are young; entrants push no others out"),
    Study("registration_quality", _REFORM, "difference in differences over cities",
          "log points of entrants' productivity at the age of two", "0.011", 0.0, 0.03,
          "Barwick, Chen, Li & Zhang 2024", entrants_productivity, counted=PAIRED,
          note="those whom the reform brings in are like the others: there is no barrier that "
               "kept the able out"),
    Study("approval_patents", _REFORM, "difference in differences over cities",
          "log points of invention patents", "0", -0.05, 0.05, "Hu & Jie 2022", patents, counted=PAIRED),
    Study("incubator_schooling", _INCUBATOR, "treated against untreated tenants",
          "rise of survival over three years", "0.15 on survival or funding", 0.0, 0.30,
          "González-Uribe & Leatherbee 2018", schooling, counted=PAIRED, parameter="mentoring_effect"),
    Study("incubator_space", _INCUBATOR, "tenants without mentoring against other entrants",
          "rise of survival over three years", "0", -0.05, 0.05, "González-Uribe & Leatherbee 2018", space,
          parameter="mentoring_effect"),
)  # fmt: skip
