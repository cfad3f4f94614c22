"""What an experiment runs: points, named runs, and the parts in which they are computed and kept."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agents.parameters import parameter_record, parameters
from scenarios.levers import LEVERS
from scenarios.scenario import Condition, LeverSetting, Scenario, ScenarioError, load_scenario
from simulation.branching import world_of
from simulation.errors import InputError
from simulation.experiment import MAX_RUNS
from simulation.geography import load_geography
from simulation.indicators import INDICATORS, REGIONS
from simulation.policy import scope_rows
from simulation.runs import Fingerprint, RunSpec, fingerprint, run_id
from simulation.sweeps.description import Description, Factor, read_experiment, resolve
from simulation.sweeps.designs import rows
from simulation.sweeps.snapshots import agent_columns

MOST_RUNS_A_PART = 16
MANY_PARTS = 64
"""With fewer parts than this, parts have fewer runs: a kill loses less, and all processes have work."""
PART_BYTES = 4 * 2**20
"""About how much of a run's tables is in one part at most (a run is never cut)."""
_FIRMS, _ROW_BYTES = 250_000, 9

VERSIONS = ("code", "data", "parameters", "posterior")
"""Hashes that hold for a whole sweep."""


@dataclass(frozen=True)
class Point:
    """A scenario with the values of all factors."""

    index: int
    scenario: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Job:
    """One run of a part; it starts from a history that other runs share, if there are such."""

    point: int
    run_id: str
    spec: RunSpec
    shares: bool


@dataclass(frozen=True)
class Sweep:
    """An experiment, ready to be run."""

    description: Description
    text: str
    scenarios: Mapping[str, Scenario]
    points: tuple[Point, ...]
    fingerprint: Fingerprint
    parts: tuple[tuple[Job, ...], ...]

    @cached_property
    def runs(self) -> int:
        """Return the number of runs."""
        return sum(map(len, self.parts))

    @cached_property
    def identity(self) -> str:
        """Return a hash over all that the bytes of the results depend on."""
        runs = [[(job.point, job.run_id) for job in part] for part in self.parts]
        points = [[point.scenario, dict(point.values)] for point in self.points]
        content = [runs, points, self.description.outputs.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def factors(self) -> tuple[str, ...]:
        """Return the names of all factors."""
        return tuple(self.points[0].values)

    @property
    def tables(self) -> Iterator[str]:
        """Yield the names of the tables that are kept."""
        outputs = self.description.outputs
        yield from ("indicators", "runs", *outputs.agents)
        names = {"cities": "city_links", "firms": "partners"}
        yield from (names[kind] for kind in (outputs.networks.of if outputs.networks else ()))


def load_sweep(path: Path) -> Sweep:
    """Return the sweep that a file describes, with all checked that can be before anything is simulated.

    Raises
    ------
    InputError
        The file is not valid, or asks for more runs than can be meant.
    """
    description, text = read_experiment(path)
    return plan_sweep(description, text, path.parent)


def plan_sweep(description: Description, text: str = "", folder: Path = Path()) -> Sweep:
    """Return the sweep of a description; `folder` is where its files are looked for."""
    try:
        bases = [load_scenario(resolve(name, folder)) for name in description.scenarios]
    except ScenarioError as error:
        raise InputError(str(error)) from error
    if twice := [name for name, count in Counter(base.name for base in bases).items() if count > 1]:
        raise InputError(f"two scenarios are called {twice[0]}")
    design = rows(description, folder)
    if both := [name for name in design[0] if name in description.parameters]:
        raise InputError(f"{both[0]} is both a factor and a fixed parameter")
    number = len(bases) * len(design) * len(description.seed_list)
    if number > MAX_RUNS:
        raise InputError(f"this asks for {number:,} runs; at most {MAX_RUNS:,} are allowed")
    if len(set(description.seed_list)) < len(description.seed_list):
        raise InputError("a seed stands twice")
    parameter_record(description.parameters)
    points = tuple(
        Point(index, base.name, row)
        for index, (base, row) in enumerate((base, row) for base in bases for row in design)
    )
    scenarios = {base.name: base for base in bases}
    jobs = list(_jobs(description, scenarios, points))
    parts = _cut(jobs, _runs_a_part(description, len(jobs)))
    return Sweep(description, text, scenarios, points, fingerprint(bases[0], description.central), parts)


def _jobs(
    description: Description, scenarios: Mapping[str, Scenario], points: tuple[Point, ...]
) -> Iterator[Job]:
    """Yield all runs, those of one world together."""
    specs: list[tuple[int, RunSpec, Fingerprint]] = []
    for point in points:
        scenario = _set(scenarios[point.scenario], point, description.factors)
        varied = {name: value for name, value in point.values.items() if name in parameters()}
        settings = {**description.parameters, **varied}
        parts = fingerprint(scenario, description.central)
        how = description.scale, description.until, settings, description.check, description.central
        for seed in description.seed_list:
            spec = RunSpec(scenario, seed, *how)
            specs.append((point.index, spec, parts))
    sharing = Counter(world_of(spec) for _, spec, _ in specs)
    for index, spec, parts in sorted(specs, key=lambda each: (world_of(each[1]), each[0])):
        yield Job(index, run_id(spec, parts), spec, sharing[world_of(spec)] > 1)


def _set(base: Scenario, point: Point, factors: Mapping[str, Factor]) -> Scenario:
    """Return a scenario with a point's levers and conditions in it."""
    levers, conditions = dict(base.levers), dict(base.conditions)
    for name, value in point.values.items():
        placed = factors[name].placed if name in factors else {}
        if name in LEVERS:
            kept = levers[name].model_dump() if name in levers else {}
            levers[name] = LeverSetting(**{**kept, **placed, "value": value})
            try:
                scope_rows(levers[name], load_geography(), name)
            except ScenarioError as error:
                raise InputError(f"factor {error}") from error
        elif name not in parameters():
            conditions[name] = _condition(base, name, {**placed, "change": value})
    return base.model_copy(update={"extends": None, "levers": levers, "conditions": conditions})


def _condition(base: Scenario, name: str, setting: dict[str, object]) -> Condition:
    kept = base.conditions[name].model_dump() if name in base.conditions else {}
    whole = {**kept, **setting}
    if missing := {"start", "end"} - whole.keys():
        needed = " and ".join(sorted(missing, reverse=True))
        raise InputError(f"factor {name}: {base.name} has no such condition, so give {needed}")
    condition = Condition.model_validate(whole)
    for region in condition.scope:
        if region not in REGIONS and region not in load_geography().cities:
            raise InputError(f"factor {name}: unknown region {region!r} in scope")
    return condition


def _runs_a_part(description: Description, runs: int) -> int:
    """Return how many runs a part has, whatever the machine."""
    outputs = description.outputs
    indicators = len(INDICATORS if outputs.indicators == "all" else outputs.indicators)
    regions = len(REGIONS if outputs.regions == "all" else outputs.regions)
    size = _ROW_BYTES * indicators * regions * (description.until - 2014)
    firms = outputs.agents.get("firms")
    if firms:
        cells = len(firms.years) * len(agent_columns("firms", firms.columns))
        size += int(8 * _FIRMS * description.scale * cells)
    if outputs.networks and "firms" in outputs.networks.of:
        size += int(16 * _FIRMS * description.scale * len(outputs.networks.years))
    return max(1, min(MOST_RUNS_A_PART, runs // MANY_PARTS, PART_BYTES // size))


def _cut(jobs: list[Job], size: int) -> tuple[tuple[Job, ...], ...]:
    return tuple(tuple(jobs[low : low + size]) for low in range(0, len(jobs), size))


def plain(sweep: Sweep) -> dict[str, object]:
    """Return what a manifest says about the sweep itself."""
    description = sweep.description
    return {
        "experiment": sweep.identity,
        "name": description.name,
        "fingerprint": {key: getattr(sweep.fingerprint, key) for key in VERSIONS},
        "scenarios": {name: scenario.content_hash for name, scenario in sweep.scenarios.items()},
        "factors": list(sweep.factors),
        "seeds": list(description.seed_list),
        "scale": description.scale,
        "until": description.until,
        "parameters": dict(description.parameters),
        "tables": list(sweep.tables),
        "points": len(sweep.points),
        "runs": sweep.runs,
        "parts": len(sweep.parts),
    }
