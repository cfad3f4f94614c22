"""What pairing by seed is worth: each lever alone against the baseline, and the ratio of variances.

Two scenarios under one seed share every draw that the lever does not touch. The ratio says how many times
more seeds an unpaired comparison would need for an interval as narrow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scenarios.comparison import Comparison, Difference, Plan, paired_difference
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import Bilingual, LeverSetting, Scenario
from simulation.experiment import Progress, plan

REGION = "Ningbo+Wenzhou"
# Levers that set the terms of another one do nothing without it; as their plan value is the neutral one,
# half and twice of it are tried instead.
TERMS_OF = {"guidance_share": ("guidance_fund", 0.15), "talent_package": ("talent_inflow", 100.0)}


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

    A lever that sets the terms of another one is run with that one, and compared with that one alone.
    """
    needed = dict.fromkeys([*levers, *(TERMS_OF[name][0] for name in levers if name in TERMS_OF)])
    scenarios: list[str | Scenario] = ["baseline", *map(alone, needed)]
    experiments = tuple(plan(scenario, seeds, scale, until) for scenario in scenarios)
    comparison = Plan(experiments).run(processes, progress)
    return tuple(_pairings(comparison, levers))


def alone(name: str) -> Scenario:
    """Return the scenario of one lever at its plan value, with the lever whose terms it sets."""
    settings = {name: LEVERS[name].plan}
    if name in TERMS_OF:
        other, value = TERMS_OF[name]
        settings = {other: LEVERS[other].plan, name: value}
    text = Bilingual(en=f"{name} alone", zh=LEVERS[name].name_zh)
    levers = {each: LeverSetting(value=value) for each, value in settings.items()}
    return Scenario(name=f"only_{name}", title=text, description=text, levers=levers)


def _pairings(comparison: Comparison, levers: Sequence[str]) -> Iterator[Pairing]:
    by_name = dict(zip(comparison.names, comparison.ensembles, strict=True))
    for name in levers:
        with_it = by_name[f"only_{name}"]
        without = by_name[f"only_{TERMS_OF[name][0]}"] if name in TERMS_OF else comparison.first
        for indicator in LEVERS[name].indicators:
            values, first = (one.replicates(indicator, REGION)[:, -1] for one in (with_it, without))
            yield Pairing(LEVERS[name], indicator, paired_difference(values, first))
