"""One run: what it is, what it is called, and what it returns.

A run's name carries all that is needed to repeat it, and a hash over all that its outcome depends on::

    baseline-7-1-2022-3f9c01ab42
    |        | | |    `- first 10 hex digits of the hash
    |        | | `------ last year
    |        | `-------- scale
    |        `---------- seed
    `------------------- scenario
"""

import ctypes
import gc
import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from agents.parameters import parameters_hash
from scenarios.scenario import FIRST_YEAR, Scenario, load_scenario
from simulation.data import data_hash
from simulation.errors import InputError
from simulation.model import LAST_YEAR, InnovationModel
from simulation.posterior import draw_of, posterior_hash

DEFAULT_UNTIL = 2022
MIN_SCALE, MAX_SCALE = 0.001, 1.0
MAX_SEED = 2**32 - 1

Watch = Callable[[InnovationModel], object]

SAME_BITS = Path(__file__).with_name("same_bits.json")
"""By the hash of the present source, that of the older one whose bits it gives."""

_PACKAGES = ("agents", "scenarios", "simulation")
_IMPORT = re.compile(r"^\s*(?:from (\S+) import (\([^)]*\)|.+)|import (.+))$", re.MULTILINE)
_OWN_HASH = {"parameters.csv"}  # the parameter table
_RUN_ID = re.compile(
    r"(?P<scenario>.+)-(?P<seed>\d+)-(?P<scale>\d+(?:\.\d+)?)-(?P<until>\d{4})-(?P<digest>[0-9a-f]{10})"
)


@dataclass(frozen=True)
class RunSpec:
    """What is simulated.

    Attributes
    ----------
    scenario
        Name in the catalogue, path of a scenario file, or a scenario that need not be in any file.
    parameters
        Values that replace those of the posterior or of the parameter table.
    central
        Take the central values of the parameter table and the fitted city effects. Otherwise they come from
        the draw of the shipped posterior that belongs to the seed, if one is shipped.
    check
        Test all invariants after every tick. It changes no outcome, so it is no part of the run's identity.
    """

    scenario: str | Scenario
    seed: int
    scale: float = 1.0
    until: int = DEFAULT_UNTIL
    parameters: Mapping[str, float] = field(default_factory=dict)
    check: bool = False
    central: bool = False

    def __post_init__(self) -> None:
        whole = (("seed", self.seed, 0, MAX_SEED), ("until", self.until, FIRST_YEAR, LAST_YEAR))
        for name, value, low, high in whole:
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InputError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        if not isinstance(self.scale, int | float) or not MIN_SCALE <= self.scale <= MAX_SCALE:
            raise InputError(f"scale must be a number from {MIN_SCALE} to {MAX_SCALE:g}, not {self.scale!r}")
        object.__setattr__(self, "scale", float(self.scale))
        object.__setattr__(self, "parameters", {name: float(v) for name, v in self.parameters.items()})


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of all that a run's outcome depends on besides its numbers, and the scenario's own name."""

    code: str
    data: str
    parameters: str
    scenario: str
    name: str
    posterior: str = ""  # empty for runs at central values

    def differences(self, other: "Fingerprint") -> list[str]:
        """Name the parts in which two fingerprints differ."""
        words = {
            "code": "the model's code",
            "data": "the data",
            "parameters": "the parameter table",
            "scenario": "the scenario",
            "posterior": "the posterior",
        }
        return [word for part, word in words.items() if getattr(self, part) != getattr(other, part)]


@cache
def code_hash() -> str:
    """Return the name of the model's code: the hash of the source that first gave the bits it gives.

    Usually that is the present source; `SAME_BITS` names an older one if the present one was shown to give
    the same bits (`dashboard.same_bits`).
    """
    known = json.loads(SAME_BITS.read_text(encoding="utf-8")) if SAME_BITS.is_file() else {}
    source = source_hash()
    return str(known.get(source, source))


@cache
def source_hash() -> str:
    """Return the SHA-256 of every source file and table that can change a trajectory.

    These are the modules that the model imports, directly or through others, and the packages' tables; what
    only runs, stores, shows or analyses is not among them.
    """
    root = Path(__file__).resolve().parent.parent
    tables = {path for package in _PACKAGES for path in (root / package).glob("*.csv")}
    files = _imported(root / "simulation" / "model.py", root) | tables
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.name not in _OWN_HASH):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _imported(module: Path, root: Path) -> set[Path]:
    """Return a module's file with those that it imports, directly or through others."""
    found, ahead = {module}, [module]
    while ahead:
        for package, names, plain in _IMPORT.findall(ahead.pop().read_text(encoding="utf-8")):
            words = re.findall(r"[\w.]+", names or plain)
            dotted = {package, *(f"{package}.{word}" for word in words)} if package else set(words)
            paths = {root / f"{name.replace('.', '/')}.py" for name in dotted if name.startswith(_PACKAGES)}
            new = {path for path in paths if path.is_file()} - found
            found |= new
            ahead += new
    return found


def fingerprint(scenario: str | Scenario, central: bool = False) -> Fingerprint:
    """Return the fingerprint of runs of `scenario`, loading and so validating all that they read."""
    loaded = load_scenario(scenario) if isinstance(scenario, str) else scenario
    drawn = "" if central else posterior_hash()
    return Fingerprint(code_hash(), data_hash(), parameters_hash(), loaded.content_hash, loaded.name, drawn)


def run_id(spec: RunSpec, parts: Fingerprint | None = None) -> str:
    """Return the name of a run; give `parts` to spare reading the scenario again."""
    parts = parts or fingerprint(spec.scenario, spec.central)
    content = [asdict(parts), spec.parameters, spec.seed, spec.scale, spec.until]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]
    scale = repr(spec.scale).removesuffix(".0")
    return f"{parts.name}-{spec.seed}-{scale}-{spec.until}-{digest}"


def spec_of(name: str) -> RunSpec:
    """Return what a run's name says about it: a scenario of the catalogue and the table's parameters."""
    match = _RUN_ID.fullmatch(name)
    if not match:
        raise InputError(
            f"{name!r} is not the name of a run; it looks like baseline-7-1-2022-3f9c01ab42 "
            "(scenario-seed-scale-until-hash)"
        )
    return RunSpec(match["scenario"], int(match["seed"]), float(match["scale"]), int(match["until"]))


@dataclass(frozen=True, eq=False)
class RunResult:
    """What one run produced: `values` is indexed [year, indicator, region] and NaN where not defined.

    Attributes
    ----------
    flows
        What flowed between cities, indexed [year, flow, from, to] (`simulation.flows`); None of a result
        that was kept without.
    """

    spec: RunSpec
    run_id: str
    values: NDArray[np.float64]
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    regions: tuple[str, ...]
    seconds: float
    flows: NDArray[np.float32] | None = None

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the values' bytes; every NaN and zero is written in one way."""
        canonical = np.ascontiguousarray(self.values, dtype="<f8") + 0.0
        canonical[np.isnan(canonical)] = np.nan
        return hashlib.sha256(canonical.tobytes()).hexdigest()


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = {_TRIM_THRESHOLD: 2**27, _MMAP_THRESHOLD: 2**25}
"""Bytes of free memory that are kept, and of the largest piece that is kept (`man mallopt`)."""


@cache
def settle_in() -> None:
    """Make a process ready for runs, without a change to what they give.

    Python's garbage collector passes over what is loaded: it stays, and looking costs some of a run. Memory
    that a run gives back stays with the process: to ask the system for it page by page, every simulated year,
    costs some, too.
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):  # of the GNU library
        for option, size in _KEPT.items():
            libc.mallopt(option, size)


def run_one(spec: RunSpec, name: str | None = None, watch: Watch | None = None) -> RunResult:
    """Simulate one run; give its `name` if it is known, to spare reading the scenario again."""
    settle_in()
    begun = perf_counter()
    return finish(new_model(spec), spec, name or run_id(spec), begun, watch)


def new_model(spec: RunSpec, scenario: str | Scenario | None = None) -> InnovationModel:
    """Return the model of a run at the start of 2015, or of the same run under another scenario."""
    chosen, effects = ({}, None) if spec.central else draw_of(spec.seed)
    return InnovationModel(
        scenario=scenario or spec.scenario,
        scale=spec.scale,
        until=spec.until,
        seed=spec.seed,
        check=spec.check,
        parameters={**chosen, **spec.parameters} or None,
        effects=effects,
    )


def finish(
    model: InnovationModel, spec: RunSpec, name: str, begun: float, watch: Watch | None = None
) -> RunResult:
    """Run a model to its end, take what it has found, and free it; `begun` is when work on it began.

    `watch` looks at the model as it is and after every quarter, and must not change it.
    """
    if watch:
        watch(model)
    while model.running:
        model.step()
        if watch:
            watch(model)
    table, flows = model.table, model.flows.astype(np.float32)
    model.free()
    return RunResult(
        spec,
        name,
        np.array(table.values, dtype=np.float64),
        tuple(int(year) for year in table.years),
        tuple(table.indicators),
        tuple(table.regions),
        perf_counter() - begun,
        flows,
    )
