"""What pairing by seed is worth: each lever alone against the baseline, and the ratio of variances.

Two scenarios under one seed share every draw that the lever does not touch. The ratio says how many times
more seeds an unpaired comparison would need for an interval as narrow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scenarios.comparison import Comparison, Difference, Plan, paired_difference
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import Bilingual, LeverSetting, Scenario
from simulation.experiment import Progress, plan

COMPANIONS: Mapping[str, Mapping[str, float]] = {
    "guidance_share": {"guidance_fund": 20.0},
    "talent_package": {"talent_inflow": 6000.0},
    "pilot_latitude": {"talent_inflow": 6000.0},
    "zone_autonomy": {"one_visit_reform": 0.5},
    "coordination": {"talent_inflow": 2000.0, "tech_lending": 50.0, "firm_cultivation": 1500.0},
}
"""What levers run with that only set the terms or the pace of others, or move money between them."""
TRIED = {"guidance_share": 0.15, "talent_package": 100.0}
"""Values that are tried where the plan value is the neutral one."""
PLACES = {"zone_autonomy": "Ningbo_HTZ+Wenzhou_HTZ"}
"""Where levers are looked at that do not act in all of Ningbo and Wenzhou."""


@dataclass(frozen=True)
class Pairing:
    """One lever alone, for one indicator that it should move: the difference in the last year."""

    lever: Lever
    indicator: str
    paired: Difference


def measure(
    seeds: Sequence[int],
    scale: float,
    until: int,
    processes: int | None = None,
    progress: Progress | None = None,
    levers: Sequence[str] = tuple(LEVERS),
) -> tuple[Pairing, ...]:
    """Run every lever alone at its plan value, and the baseline, on the same seeds.

    A lever with companions is compared with these alone. Parameters are central: what pairing is worth is
    about chance, and draws of parameters would make levers act differently from seed to seed.
    """
    companions = [companions_of(name) for name in levers if name in COMPANIONS]
    scenarios: list[str | Scenario] = ["baseline", *map(alone, levers), *companions]
    experiments = tuple(plan(scenario, seeds, scale, until, central=True) for scenario in scenarios)
    comparison = Plan(experiments).run(processes, progress)
    return tuple(_pairings(comparison, levers))


def alone(name: str) -> Scenario:
    """Return the scenario of one lever at its plan value, with its companions."""
    settings = {**COMPANIONS.get(name, {}), name: TRIED.get(name, LEVERS[name].plan)}
    return _scenario(f"only_{name}", f"{name} alone", LEVERS[name].name_zh, settings)


def companions_of(name: str) -> Scenario:
    """Return the scenario of a lever's companions without the lever."""
    return _scenario(f"without_{name}", f"without {name}", f"无{LEVERS[name].name_zh}", COMPANIONS[name])


def _scenario(name: str, en: str, zh: str, settings: Mapping[str, float]) -> Scenario:
    text = Bilingual(en=en, zh=zh)
    levers = {each: LeverSetting(value=value) for each, value in settings.items()}
    return Scenario(name=name, title=text, description=text, levers=levers)


def _pairings(comparison: Comparison, levers: Sequence[str]) -> Iterator[Pairing]:
    by_name = dict(zip(comparison.names, comparison.ensembles, strict=True))
    for name in levers:
        with_it = by_name[f"only_{name}"]
        without = by_name[f"without_{name}"] if name in COMPANIONS else comparison.first
        region = PLACES.get(name, LEVERS[name].region)
        for indicator in LEVERS[name].indicators:
            values, first = (one.replicates(indicator, region)[:, -1] for one in (with_it, without))
            yield Pairing(LEVERS[name], indicator, paired_difference(values, first))
