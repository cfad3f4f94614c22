"""Branches: worlds with a common past.

Under one seed every scenario is the same world until its first lever or condition sets in. That history is
simulated once, without policy, and each scenario goes on from a copy of it, with the same bits as if it had
been simulated from the start.
"""

import copy
import math
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from scenarios.scenario import FIRST_YEAR, LeverSetting, Scenario, Span, load_scenario, quarter_index
from simulation.errors import InputError
from simulation.initial import follow
from simulation.model import InnovationModel
from simulation.runs import (
    RunResult,
    RunSpec,
    Watch,
    finish,
    new_model,
    run_id,
    run_one,
    settle_in,
)

Batch = Sequence[tuple[str, RunSpec]]
"""Named runs of one world: their specs differ in the scenario alone."""
World = tuple[int, float, int, bool, bool, tuple[tuple[str, float], ...]]

NEVER = 4 * 100
_SET_UP_READS = 2
"""Quarters of conditions that the state at the start depends on already."""
_POLICY_STARTS = quarter_index(LeverSetting.model_fields["start"].default)
_NO_POLICY = "baseline"
_LARGEST_BATCH = 16
_BATCHES_A_PROCESS = 2
MOST_BYTES = 256 * 2**20
_BYTES_OF_OBJECTS = 2**20
"""What a model takes besides its large arrays."""


def parting(a: Scenario, b: Scenario) -> int:
    """Return the first quarter in which two scenarios may differ (`NEVER`: they are the same).

    Whatever a scenario says besides levers and conditions acts through its levers.
    """
    levers = _starts(a.levers, b.levers, all_differ=_rest(a) != _rest(b))
    conditions = _starts(a.conditions, b.conditions)
    return min((*levers, *conditions), default=NEVER)


def _starts(mine: Mapping[str, Span], theirs: Mapping[str, Span], all_differ: bool = False) -> Iterator[int]:
    """Yield the quarters in which settings that are not the same start."""
    for name in {*mine, *theirs}:
        if all_differ or mine.get(name) != theirs.get(name):
            yield from (quarter_index(part[name].start) for part in (mine, theirs) if name in part)


def _rest(scenario: Scenario) -> dict[str, Any]:
    texts = {"name", "title", "description", "extends", "assumptions"}
    return scenario.model_dump(exclude={*texts, "levers", "conditions"})


def branch(model: InnovationModel, scenario: Scenario) -> InnovationModel:
    """Return a copy of a model that goes on under another scenario; neither touches the other any more.

    Raises
    ------
    InputError
        The past of the model is not that of the scenario.
    """
    parted = parting(model.scenario_spec, scenario)
    if parted < max(model.quarter, _SET_UP_READS):
        year, quarter = divmod(parted, 4)
        raise InputError(
            f"{scenario.name} cannot branch off {model.scenario_spec.name} at {model.year}Q"
            f"{model.quarter % 4 + 1}: they differ from {FIRST_YEAR + year}Q{quarter + 1} on"
        )
    twin = copy.deepcopy(model)
    follow(twin, scenario)
    return twin


class Histories:
    """Worlds without policy, kept at the quarters at which scenarios leave them.

    Parameters
    ----------
    most_bytes
        Memory for what is kept; the least recently used goes first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[tuple[World, int], InnovationModel] = OrderedDict()

    def run(self, spec: RunSpec, name: str | None = None, watch: Watch | None = None) -> RunResult:
        """Simulate one run as `run_one` does, from its branching point on where its history is kept."""
        settle_in()
        begun = perf_counter()
        quarter = leaves_at(spec)
        if quarter < _SET_UP_READS:
            return run_one(spec, name, watch)
        model = branch(self._at(spec, quarter), _scenario(spec))
        return finish(model, spec, name or run_id(spec), begun, watch)

    def prepare(self, spec: RunSpec) -> None:
        """Simulate the history that runs of this world leave, so that the first of them need not wait."""
        settle_in()
        self._at(spec, leaves_at(spec))

    def _at(self, spec: RunSpec, quarter: int) -> InnovationModel:
        """Return the world of a run without policy at a quarter; it is kept and must not be stepped."""
        key = (world_of(spec), quarter)
        if key not in self._kept:
            earlier = [at for world, at in self._kept if world == key[0] and at < quarter]
            model = (
                copy.deepcopy(self._kept[key[0], max(earlier)]) if earlier else new_model(spec, _NO_POLICY)
            )
            while model.quarter < quarter:
                model.step()
            self._kept[key] = model
            while len(self._kept) > 1 and sum(map(size, self._kept.values())) > self.most_bytes:
                _, oldest = self._kept.popitem(last=False)
                oldest.free()  # the collector passes over what was there when a run began
        self._kept.move_to_end(key)
        return self._kept[key]


def leaves_at(spec: RunSpec) -> int:
    """Return the quarter at which a run leaves the history without policy.

    That history would do for longer where policy starts late, but to keep one for every start takes memory.
    """
    until = 4 * (spec.until - FIRST_YEAR + 1)
    return min(parting(load_scenario(_NO_POLICY), _scenario(spec)), _POLICY_STARTS, until)


def _scenario(spec: RunSpec) -> Scenario:
    return load_scenario(spec.scenario) if isinstance(spec.scenario, str) else spec.scenario


def world_of(spec: RunSpec) -> World:
    """Return all of a run but its scenario."""
    chosen = tuple(sorted(spec.parameters.items()))
    return spec.seed, spec.scale, spec.until, spec.check, spec.central, chosen


def size(model: InnovationModel) -> int:
    """Return about how many bytes a model takes."""
    arrays = [value.nbytes for value in vars(model).values() if isinstance(value, np.ndarray)]
    return sum(arrays) + model.firms.records.nbytes + _BYTES_OF_OBJECTS


def batches(named: Mapping[str, RunSpec], processes: int) -> list[Batch]:
    """Group runs by their world, in batches that are small enough to keep all processes busy."""
    worlds: dict[World, list[tuple[str, RunSpec]]] = defaultdict(list)
    for name, spec in named.items():
        worlds[world_of(spec)].append((name, spec))
    wanted = math.ceil(_BATCHES_A_PROCESS * processes / max(1, len(worlds))) if processes > 1 else 1
    found: list[Batch] = []
    for runs in worlds.values():
        parts = min(len(runs), max(wanted, math.ceil(len(runs) / _LARGEST_BATCH)))
        cuts = [len(runs) * part // parts for part in range(parts + 1)]
        found += [runs[low:high] for low, high in pairwise(cuts)]
    return found


def run_together(batch: Batch, histories: Histories) -> Iterator[RunResult]:
    """Simulate the runs of one world one after the other, each as a branch of their common history."""
    if len(batch) == 1:
        [(name, spec)] = batch
        yield run_one(spec, name)
        return
    for name, spec in sorted(batch, key=lambda named: leaves_at(named[1])):
        yield histories.run(spec, name)


@cache
def _own_histories() -> Histories:
    """Return the histories that this process keeps for whatever it is asked to run next."""
    return Histories()


def run_batch(batch: Batch) -> list[RunResult]:
    """Simulate the runs of one world in a worker process."""
    return list(run_together(batch, _own_histories()))


def run_warm(spec: RunSpec, name: str | None = None, watch: Watch | None = None) -> RunResult:
    """Simulate one run as `run_one` does, but only from where it leaves a history that this process keeps."""
    return _own_histories().run(spec, name, watch)
