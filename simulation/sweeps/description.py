"""The experiment file: what is varied, how points are chosen, under which seeds, and what is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from agents.parameters import Parameter, parameters
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import (
    CONDITIONS,
    FIRST_YEAR,
    ConditionKind,
    Finite,
    ScenarioError,
    Span,
    near,
    quarter_index,
)
from scenarios.scenario import load_scenario as load
from scenarios.source import Location, Mistake, Source, read_source, worded
from simulation.errors import InputError
from simulation.indicators import INDICATORS, REGIONS
from simulation.model import LAST_YEAR
from simulation.runs import DEFAULT_UNTIL, MAX_SCALE, MAX_SEED, MIN_SCALE
from simulation.sweeps.snapshots import AGENT_COLUMNS

SHAPE = "an experiment is a mapping with name, scenarios, seeds, factors, design and outputs"
MAX_POINTS = 100_000
MAX_LEVELS = 1_000

Kind = Literal["grid", "list", "csv", "latin_hypercube", "sobol", "morris"]
SAMPLED = ("latin_hypercube", "sobol", "morris")
"""Designs that draw points between bounds."""
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "list": ("rows",),
    "csv": ("file",),
    "latin_hypercube": ("points",),
    "sobol": ("points",),
    "morris": ("trajectories",),
}
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "latin_hypercube": ("seed",),
    "sobol": ("seed",),
    "morris": ("seed", "levels"),
}


class Part(BaseModel):
    """A part of the file; it has no other keys than these."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Seeds(Part):
    """Seeds that follow one another."""

    count: int = Field(ge=1, le=MAX_POINTS)
    first: int = Field(default=1, ge=0, le=MAX_SEED)


SomeSeeds = Annotated[
    Annotated[tuple[Annotated[int, Field(ge=0, le=MAX_SEED)], ...], Field(min_length=1), Tag("[list]")]
    | Annotated[Seeds, Tag("[count]")],
    Discriminator(lambda value: "[list]" if isinstance(value, list | tuple) else "[count]"),
]


class Factor(Part):
    """What is varied: values of a grid, or bounds between which a design draws.

    Without bounds a lever or condition is drawn between its own bounds, and a parameter from its prior.
    `scope`, `start`, `end` and `ramp` say where and when a lever or condition holds; without them it holds as
    the scenario says, and else as in a scenario file.
    """

    values: tuple[Finite, ...] | None = Field(default=None, min_length=1, max_length=MAX_LEVELS)
    low: Finite | None = None
    high: Finite | None = None
    steps: int | None = Field(default=None, ge=2, le=MAX_LEVELS)
    scope: tuple[str, ...] | None = None
    start: str | None = None
    end: str | None = None
    ramp: int | None = Field(default=None, ge=0, le=40)

    @field_validator("start", "end")
    @classmethod
    def _quarter(cls, value: str) -> str:
        quarter_index(value)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high belong together")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if self.values is not None and (self.low is not None or self.steps is not None):
            raise ValueError("values stand for themselves: leave out low, high and steps")
        return self

    @property
    def placed(self) -> dict[str, Any]:
        """Return where and when it holds, as far as the file says."""
        return self.model_dump(include={"scope", "start", "end", "ramp"}, exclude_none=True)


class Design(Part):
    """How points are chosen."""

    kind: Kind
    rows: tuple[dict[str, Finite], ...] | None = Field(default=None, max_length=MAX_POINTS)
    file: str | None = None
    points: int | None = Field(default=None, ge=1, le=MAX_POINTS)
    trajectories: int | None = Field(default=None, ge=2, le=MAX_POINTS)
    levels: int | None = Field(default=None, ge=4, le=100)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        needed = _NEEDED.get(self.kind, ())
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"a design of kind {self.kind} needs {name}")
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if strange := sorted(given - {"kind", *needed, *_ALLOWED.get(self.kind, ())}):
            raise ValueError(f"a design of kind {self.kind} takes no {' and no '.join(strange)}")
        if self.levels is not None and self.levels % 2:
            raise ValueError("levels must be even, so that steps up and steps down are as likely")
        return self


class Snapshot(Part):
    """Columns of agents that are kept at the end of years."""

    columns: tuple[str, ...] = Field(min_length=1)
    years: tuple[int, ...] = Field(min_length=1)


class NetworkYears(Part):
    """Networks that are kept at the end of years: links between cities, or each firm's partners."""

    of: tuple[Literal["cities", "firms"], ...] = ("cities",)
    years: tuple[int, ...] = Field(min_length=1)


class Outputs(Part):
    """What is kept of each run: yearly indicators, and where wanted agents and networks."""

    indicators: tuple[str, ...] | Literal["all"] = "all"
    regions: tuple[str, ...] | Literal["all"] = "all"
    agents: dict[str, Snapshot] = {}
    networks: NetworkYears | None = None

    @property
    def years(self) -> tuple[int, ...]:
        """Return all years at whose end agents or networks are kept."""
        parts = (*self.agents.values(), *((self.networks,) if self.networks else ()))
        return tuple(sorted({year for part in parts for year in part.years}))


class Description(Part):
    """An experiment as its file describes it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")
    description: str = ""
    scenarios: tuple[str, ...] = Field(default=("baseline",), min_length=1)
    seeds: SomeSeeds = Seeds(count=1)
    scale: Finite = Field(default=1.0, ge=MIN_SCALE, le=MAX_SCALE)
    until: int = Field(default=DEFAULT_UNTIL, ge=FIRST_YEAR, le=LAST_YEAR)
    check: bool = False
    central: bool = False
    parameters: dict[str, Finite] = {}
    factors: dict[str, Factor] = {}
    design: Design = Design(kind="grid")
    outputs: Outputs = Outputs()

    @field_validator("seeds", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return {"count": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @property
    def seed_list(self) -> tuple[int, ...]:
        """Return all seeds."""
        if isinstance(self.seeds, Seeds):
            return tuple(range(self.seeds.first, self.seeds.first + self.seeds.count))
        return self.seeds


class ExperimentError(InputError):
    """An experiment file is not valid; `mistakes` lists what is wrong, with lines."""

    def __init__(self, path: Path, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(f"{path}: " + "; ".join(map(str, mistakes)))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Varied:
    """What the name of a factor stands for."""

    name: str
    what: Lever | Parameter | ConditionKind

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the lowest and the highest value that a run accepts."""
        return self.what.low, self.what.high

    @property
    def unit(self) -> str:
        """Return the unit of its values."""
        return self.what.unit

    @property
    def is_switch(self) -> bool:
        """Return whether only 0 and 1 have a meaning."""
        return self.unit == "0 or 1"


def varied(name: str) -> Varied | None:
    """Return what a factor varies: a lever, a parameter or a condition; their names differ."""
    what = LEVERS.get(name) or parameters().get(name) or CONDITIONS.get(name)
    return Varied(name, what) if what else None


def read_experiment(path: Path) -> tuple[Description, str]:
    """Return the experiment of a file, and the file's text.

    Raises
    ------
    ExperimentError
        The file is not valid; the message names every mistake with its line.
    """
    if not path.is_file():
        raise InputError(f"no experiment file {path}")
    source = read_source(path, SHAPE)
    found = list(source.mistakes)
    description = None
    if source.content:
        try:
            description = Description.model_validate(source.content)
        except ValidationError as error:
            found += _worded(error, source)
        found += [Mistake(source.line(where), what) for where, what in _wrong(source.content, path.parent)]
    elif not found:
        found.append(Mistake(1, "the experiment is empty"))
    if found or description is None:
        raise ExperimentError(path, tuple(sorted(found, key=lambda mistake: mistake.line or 0)))
    return description, path.read_text(encoding="utf-8-sig")


_MODELS: Mapping[str, type[Part]] = {
    "seeds": Seeds,
    "factors": Factor,
    "design": Design,
    "outputs": Outputs,
    "agents": Snapshot,
    "networks": NetworkYears,
}


def _worded(error: ValidationError, source: Source) -> Iterator[Mistake]:
    """Yield pydantic's findings in the words of an experiment file, one for each entry."""
    told = set()
    for item in error.errors(include_url=False):
        where = tuple(part for part in item["loc"] if not _is_branch(part))
        if where in told:
            continue
        told.add(where)
        if item["type"] == "extra_forbidden":
            models = [_MODELS[str(part)] for part in where[:-1] if part in _MODELS]
            known = (models[-1] if models else Description).model_fields
            what = "unknown key" + (near(str(where[-1]), known) or f"; known: {', '.join(known)}")
        elif item["type"] == "literal_error":
            what = f"must be {item['ctx']['expected']}, not {str(item['input'])[:40]!r}"
        elif item["type"] == "string_type" and where[-1] in {"start", "end"}:
            what = "must be a quarter such as 2019Q1"
        else:
            what = worded({**item})
        yield Mistake(source.line(where), f"{'.'.join(map(str, where)) or 'experiment'}: {what}")


def _is_branch(part: str | int) -> bool:
    """Return whether a part of a location names an alternative of a type, not an entry of the file."""
    return isinstance(part, str) and "[" in part


def _wrong(content: Mapping[str, Any], folder: Path) -> Iterator[tuple[Location, str]]:
    """Yield where names or values cannot be, as far as parts have the form that they should have."""
    yield from _wrong_scenarios(content.get("scenarios"), folder)
    for name, value in _items(content.get("parameters")):
        yield from _wrong_value(("parameters", name), name, value, tuple(parameters()), "parameter")
    known = (*LEVERS, *parameters(), *CONDITIONS)
    for name, factor in _items(content.get("factors")):
        yield from _wrong_factor(name, factor, known)
    design = content.get("design")
    rows = design.get("rows") if isinstance(design, Mapping) else None
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        for name, value in _items(row):
            yield from _wrong_value(("design", "rows", index, name), name, value, known, "factor")
    until = content.get("until", DEFAULT_UNTIL)
    yield from _wrong_outputs(content.get("outputs"), until if isinstance(until, int) else LAST_YEAR)


def _items(part: Any) -> Iterator[tuple[str, Any]]:
    yield from part.items() if isinstance(part, Mapping) else ()


def _wrong_scenarios(names: Any, folder: Path) -> Iterator[tuple[Location, str]]:
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str):
            try:
                load(resolve(name, folder))
            except ScenarioError as error:
                yield ("scenarios", index), str(error)


def resolve(name: str, folder: Path) -> str:
    """Return a scenario's name, or its path if it is a file beside the experiment file."""
    is_file = name.endswith((".yaml", ".yml")) and not Path(name).is_absolute()
    return str(folder / name) if is_file else name


def _wrong_value(
    where: Location, name: str, value: Any, known: tuple[str, ...], kind: str
) -> Iterator[tuple[Location, str]]:
    what = varied(name)
    if what is None or name not in known:
        yield where, f"unknown {kind} {name!r}{near(name, known)}"
        return
    low, high = what.bounds
    if isinstance(value, int | float) and not isinstance(value, bool) and not low <= value <= high:
        yield where, f"{name} = {value:g} is outside {low:g} to {high:g} ({what.unit})"


def _wrong_factor(name: str, factor: Any, known: tuple[str, ...]) -> Iterator[tuple[Location, str]]:
    where: Location = ("factors", name)
    what = varied(name)
    if what is None:
        yield where, f"unknown factor {name!r}{near(name, known)}"
        return
    for key, value in _items(factor):
        if key in {"low", "high"}:
            yield from _wrong_value((*where, key), name, value, known, "factor")
        if key in {"scope", "start", "end", "ramp"} and isinstance(what.what, Parameter):
            yield (*where, key), f"{name} is a parameter, which has no {key}"
        if key == "ramp" and isinstance(what.what, ConditionKind):
            yield (*where, key), f"{name} is a condition, which has no ramp"
        if key == "values" and isinstance(value, list):
            for index, each in enumerate(value):
                yield from _wrong_value((*where, key, index), name, each, known, "factor")
    start, end = (factor.get(key) if isinstance(factor, Mapping) else None for key in ("start", "end"))
    if isinstance(start, str) and isinstance(end, str):
        try:
            Span(start=start, end=end)
        except ValidationError as error:
            yield (*where, "end"), error.errors()[0]["msg"].removeprefix("Value error, ")


def _wrong_outputs(outputs: Any, until: int) -> Iterator[tuple[Location, str]]:
    for key, known in (("indicators", tuple(INDICATORS)), ("regions", REGIONS)):
        named = outputs.get(key) if isinstance(outputs, Mapping) else None
        for index, name in enumerate(named if isinstance(named, list) else ()):
            if name not in known:
                hint = near(str(name), known) or f"; known: {', '.join(known)}"
                yield ("outputs", key, index), f"unknown {key[:-1]} {name!r}{hint}"
    agents = outputs.get("agents") if isinstance(outputs, Mapping) else None
    for kind, snapshot in _items(agents):
        where: Location = ("outputs", "agents", kind)
        if kind not in AGENT_COLUMNS:
            yield (
                where,
                f"unknown agents {kind!r}{near(kind, AGENT_COLUMNS)}; known: {', '.join(AGENT_COLUMNS)}",
            )
            continue
        yield from _wrong_years(where, snapshot, until)
        columns = snapshot.get("columns") if isinstance(snapshot, Mapping) else None
        for index, column in enumerate(columns if isinstance(columns, list) else ()):
            if column not in AGENT_COLUMNS[kind]:
                hint = near(str(column), AGENT_COLUMNS[kind]) or f"; known: {', '.join(AGENT_COLUMNS[kind])}"
                yield (*where, "columns", index), f"unknown column {column!r} of {kind}{hint}"
    if isinstance(outputs, Mapping):
        yield from _wrong_years(("outputs", "networks"), outputs.get("networks"), until)


def _wrong_years(where: Location, part: Any, until: int) -> Iterator[tuple[Location, str]]:
    years = part.get("years") if isinstance(part, Mapping) else None
    for index, year in enumerate(years if isinstance(years, list) else ()):
        if isinstance(year, int) and not FIRST_YEAR <= year <= until:
            yield (*where, "years", index), f"{year} is outside {FIRST_YEAR} to {until}"
