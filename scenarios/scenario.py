"""The scenario file: a YAML text that a planner can read aloud, checked against the registry of levers."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, reduce
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from scenarios.levers import LEVERS
from scenarios.source import Location, Mistake, Source, read_source, worded

CATALOGUE = Path(__file__).with_name("catalogue")
FIRST_YEAR, LAST_YEAR = 2015, 2030
DEFAULT_SCOPE = ("Ningbo", "Wenzhou")
_WORD = r"[a-z][a-z0-9_]{1,59}"
NAME_PATTERN = f"^{_WORD}$"
LAID_OVER_PATTERN = rf"^{_WORD}(\+{_WORD})*$"
"""Name of a scenario with conditions laid over it: `full_plan+trade_shock`."""


class ScenarioError(ValueError):
    """A scenario cannot be found or is not valid; `mistakes` lists what is wrong in its file."""

    def __init__(self, message: str, mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Finite = Annotated[float, Field(strict=True), AfterValidator(_finite)]


class Bilingual(BaseModel):
    """A text in English and Chinese."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    en: str
    zh: str


class Span(BaseModel):
    """A time from one quarter to another, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    start: str
    end: str

    @field_validator("start", "end")
    @classmethod
    def _quarter(cls, value: str) -> str:
        quarter_index(value)
        return value

    @model_validator(mode="after")
    def _order(self) -> Self:
        if quarter_index(self.end) < quarter_index(self.start):
            raise ValueError(f"end {self.end} lies before start {self.start}")
        return self


class LeverSetting(Span):
    """A lever's value, where it holds and when.

    `start` and `end` are quarters such as 2019Q1 (both included); `ramp` is the number of quarters over which
    the lever rises from its neutral value.
    """

    value: Finite
    scope: tuple[str, ...] = DEFAULT_SCOPE
    start: str = "2019Q1"
    end: str = f"{LAST_YEAR}Q4"
    ramp: int = Field(default=0, ge=0, le=40)


class Condition(Span):
    """A change of the outside world, not a policy; `CONDITIONS` names its unit and bounds."""

    change: Finite
    scope: tuple[str, ...] = ("YRD",)


class PlannedInstitute(BaseModel):
    """An institute to be built; `staff` in full time and `budget` in 100m CNY a year at full size."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=200)
    name_zh: str = ""
    city: str
    field: str
    year: int = Field(ge=FIRST_YEAR, le=LAST_YEAR)
    staff: Finite = Field(ge=1, le=20_000)
    budget: Finite = Field(ge=0.01, le=100)


class Scenario(BaseModel):
    """What a planner wants to look at: levers, and conditions laid over them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=LAID_OVER_PATTERN)
    title: Bilingual
    description: Bilingual
    extends: str | None = None
    assumptions: tuple[str, ...] = ()
    levers: dict[str, LeverSetting] = {}
    conditions: dict[str, Condition] = {}
    pilot_institutions: tuple[str, ...] = ()
    cluster_fields: tuple[str, ...] = ()
    new_institutes: tuple[PlannedInstitute, ...] = ()

    @field_validator("levers", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: item if isinstance(item, Mapping | LeverSetting) else {"value": item}
            for name, item in value.items()
        }

    @field_validator("levers")
    @classmethod
    def _known_and_in_bounds(cls, value: dict[str, LeverSetting]) -> dict[str, LeverSetting]:
        problems = [what for _, what in _wrong_levers(value)]
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @field_validator("conditions")
    @classmethod
    def _known_conditions(cls, value: dict[str, Condition]) -> dict[str, Condition]:
        problems = [what for _, what in _wrong_conditions(value)]
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the scenario does (its levers and conditions, not its texts)."""
        parts = {"levers", "conditions", "pilot_institutions", "cluster_fields", "new_institutes"}
        what = self.model_dump(include=parts)
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ConditionKind:
    """What a condition changes: its unit, bounds, and meaning."""

    unit: str
    low: float
    high: float
    meaning: str


CONDITIONS: Mapping[str, ConditionKind] = {
    "gdp_growth": ConditionKind("points a year", -20, 20, "nominal GDP growth on top of its path"),
    "contacts": ConditionKind(
        "percent of travel time", -50, 400, "how much harder it is to meet, between cities and within them"
    ),
    "entry": ConditionKind("percent of founders", -90, 100, "founders of new firms"),
}
"""Changes of the outside world that a scenario may lay over its policy."""


def _wrong_levers(levers: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield where a lever is unknown or its value outside the bounds; other mistakes are not looked for."""
    for name, item in levers.items():
        lever = LEVERS.get(name)
        if lever is None:
            yield (name,), f"unknown lever {name!r}{near(name, LEVERS)}"
            continue
        value = item.value if isinstance(item, LeverSetting) else item
        value = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if not lever.low <= value <= lever.high:
            what = f"{name} = {value:g} is outside {lever.low:g} to {lever.high:g} ({lever.unit})"
            yield (name, "value"), what


def _wrong_conditions(conditions: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield where a condition is unknown or its change outside the bounds."""
    for name, item in conditions.items():
        kind = CONDITIONS.get(name)
        if kind is None:
            hint = near(name, CONDITIONS) or f"; known: {', '.join(CONDITIONS)}"
            yield (name,), f"unknown condition {name!r}{hint}"
            continue
        value = item.change if isinstance(item, Condition) else item
        value = value.get("change") if isinstance(value, Mapping) else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if not kind.low <= value <= kind.high:
            what = f"{name}.change = {value:g} is outside {kind.low:g} to {kind.high:g} ({kind.unit})"
            yield (name, "change"), what


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known name, nothing if none is near."""
    lower = {candidate.casefold(): candidate for candidate in known}
    match = get_close_matches(name.casefold(), lower, n=1)
    return f", did you mean {lower[match[0]]}?" if match else ""


def quarter_index(text: str) -> int:
    """Return the number of quarters from 2015 Q1 to a quarter such as 2019Q1."""
    match = re.fullmatch(r"(\d{4})Q([1-4])", text)
    if not match or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise ValueError(f"{text!r} is no quarter between {FIRST_YEAR}Q1 and {LAST_YEAR}Q4 (write 2019Q1)")
    return (int(match[1]) - FIRST_YEAR) * 4 + int(match[2]) - 1


def list_scenarios() -> list[str]:
    """Return the names of the shipped scenarios, the baseline first."""
    names = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))
    return sorted(names, key=lambda name: (name != "baseline", name))


def in_catalogue(name: str) -> bool:
    """Return whether a name, or each part of one with conditions laid over it, is in the catalogue."""
    return set(name.split("+")) <= set(list_scenarios())


def load_scenario(name_or_path: str) -> Scenario:
    """Return a shipped scenario by name, or one from a file; ``a+b`` lays the conditions of b over a.

    Raises
    ------
    ScenarioError
        There is no such scenario, or the file is not valid; the message names every mistake.
    """
    if name_or_path in list_scenarios():
        return _shipped(name_or_path)
    if "+" in name_or_path and not Path(name_or_path).is_file():
        scenario, *laid = (load_scenario(part) for part in name_or_path.split("+"))
        return reduce(lay_over, laid, scenario)
    path = Path(name_or_path)
    if path.suffix.lower() in {".yaml", ".yml"}:
        if not path.is_file():
            raise ScenarioError(f"no scenario file {name_or_path}")
        return _read(path)
    known = list_scenarios()
    raise ScenarioError(
        f"unknown scenario {name_or_path!r}{near(name_or_path, known)}; "
        f"known: {', '.join(known)}, or a .yaml file"
    )


def lay_over(scenario: Scenario, conditions: Scenario) -> Scenario:
    """Return a scenario under the conditions of another one, which sets no lever."""
    what = f"{conditions.name} cannot be laid over {scenario.name}: "
    if conditions.levers or not conditions.conditions:
        raise ScenarioError(
            what + "only scenarios with conditions and without levers can, such as trade_shock"
        )
    if twice := scenario.conditions.keys() & conditions.conditions.keys():
        raise ScenarioError(what + f"both set {', '.join(sorted(twice))}")
    texts = {
        text: Bilingual(
            en=f"{getattr(scenario, text).en} + {getattr(conditions, text).en}",
            zh=f"{getattr(scenario, text).zh} + {getattr(conditions, text).zh}",
        )
        for text in ("title", "description")
    }
    return scenario.model_copy(
        update={
            "name": f"{scenario.name}+{conditions.name}",
            **texts,
            "assumptions": (*scenario.assumptions, *conditions.assumptions),
            "conditions": {**scenario.conditions, **conditions.conditions},
        }
    )


@cache
def _shipped(name: str) -> Scenario:
    return _read(CATALOGUE / f"{name}.yaml")


def _read(path: Path) -> Scenario:
    scenario, mistakes = examine(path)
    if scenario is None or mistakes:
        raise ScenarioError(f"{path}: " + "; ".join(map(str, mistakes)), mistakes)
    return scenario


@dataclass(frozen=True)
class Names:
    """Names that only the world knows: places for scopes, regions for conditions, institutions, fields."""

    places: tuple[str, ...]
    cities: tuple[str, ...]
    regions: tuple[str, ...]
    institutions: tuple[str, ...]
    fields: tuple[str, ...]


def examine(
    path: Path, names: Names | None = None, seen: tuple[str, ...] = ()
) -> tuple[Scenario | None, tuple[Mistake, ...]]:
    """Return the scenario of a file, `extends` resolved, and every mistake in the file, in order of lines.

    Parameters
    ----------
    names
        What scopes and pilot institutions may name; without it they are not looked at.
    seen
        Scenarios that led here by `extends`.
    """
    source = read_source(path)
    if not source.content:
        return None, source.mistakes or (Mistake(1, "the scenario is empty"),)
    found = list(source.mistakes)
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(source.content)
    except ValidationError as error:
        found += _worded(error, source)
    for part, wrong in (("levers", _wrong_levers), ("conditions", _wrong_conditions)):
        if isinstance(entries := source.content.get(part), Mapping):
            found += [Mistake(source.line((part, *where)), what) for where, what in wrong(entries)]
    if names:
        found += _unknown_names(source, names)
    parent = None
    if isinstance(extends := source.content.get("extends"), str):
        parent, what = _parent(extends, seen)
        found += [Mistake(source.line(("extends",)), what)] if what else []
    mistakes = tuple(sorted(found, key=lambda mistake: mistake.line or 0))
    if mistakes or scenario is None:
        return None, mistakes
    return (_extended(scenario, parent) if parent else scenario), ()


def _parent(extends: str, seen: tuple[str, ...]) -> tuple[Scenario | None, str]:
    """Return the scenario of the catalogue that is extended, or what is wrong with it."""
    if extends not in list_scenarios():
        if "/" in extends or "\\" in extends or extends.endswith((".yaml", ".yml")):
            return None, f"extends takes the name of a scenario of the catalogue, not the path {extends!r}"
        hint = near(extends, list_scenarios()) or f"; known: {', '.join(list_scenarios())}"
        return None, f"extends an unknown scenario {extends!r}{hint}"
    if extends in seen:
        return None, f"extends goes round in a circle: {' -> '.join((*seen, extends))}"
    parent, mistakes = examine(CATALOGUE / f"{extends}.yaml", seen=(*seen, extends))
    return parent, f"extends {extends}, in which {'; '.join(map(str, mistakes))}" if mistakes else ""


def _extended(scenario: Scenario, parent: Scenario) -> Scenario:
    return scenario.model_copy(
        update={
            "assumptions": (*parent.assumptions, *scenario.assumptions),
            "levers": {**parent.levers, **scenario.levers},
            "conditions": {**parent.conditions, **scenario.conditions},
            "pilot_institutions": scenario.pilot_institutions or parent.pilot_institutions,
            "cluster_fields": scenario.cluster_fields or parent.cluster_fields,
            "new_institutes": scenario.new_institutes or parent.new_institutes,
        }
    )


def _unknown_names(source: Source, names: Names) -> Iterator[Mistake]:
    for part, known in (("levers", names.places), ("conditions", names.regions)):
        entries = source.content.get(part)
        for entry, item in entries.items() if isinstance(entries, Mapping) else ():
            scope = item.get("scope") if isinstance(item, Mapping) else None
            for index, place in enumerate(scope if isinstance(scope, list) else ()):
                if place not in known:
                    what = f"{entry}: unknown place {place!r} in scope"
                    hint = near(str(place), known) or f"; known: {', '.join(known)}"
                    yield Mistake(source.line((part, entry, "scope", index)), what + hint)
    for part, kind, known in (
        ("pilot_institutions", "institution", names.institutions),
        ("cluster_fields", "field", names.fields),
    ):
        named = source.content.get(part)
        for index, name in enumerate(named if isinstance(named, list) else ()):
            if name not in known:
                what = f"unknown {kind} {name!r}{near(str(name), known)}"
                yield Mistake(source.line((part, index)), what)
    yield from _wrong_institutes(source, names)


def _wrong_institutes(source: Source, names: Names) -> Iterator[Mistake]:
    planned = source.content.get("new_institutes")
    taken = set(names.institutions)
    for index, item in enumerate(planned if isinstance(planned, list) else ()):
        if not isinstance(item, Mapping):
            continue
        for key, known in (("city", names.cities), ("field", names.fields)):
            value = item.get(key)
            if isinstance(value, str) and value not in known:
                hint = near(value, known) or f"; known: {', '.join(known)}"
                where = source.line(("new_institutes", index, key))
                yield Mistake(where, f"new_institutes: unknown {key} {value!r}{hint}")
        if (name := item.get("name")) in taken:
            where = source.line(("new_institutes", index, "name"))
            yield Mistake(where, f"new_institutes: there is a {name!r} already")
        taken.add(str(name))


_KEYS: Mapping[str, type[BaseModel]] = {
    "title": Bilingual,
    "description": Bilingual,
    "levers": LeverSetting,
    "conditions": Condition,
    "new_institutes": PlannedInstitute,
}


def _worded(error: ValidationError, source: Source) -> Iterator[Mistake]:
    """Yield pydantic's findings in the words of a scenario file."""
    for item in error.errors(include_url=False):
        where, kind = item["loc"], item["type"]
        if where in {("levers",), ("conditions",)} and kind == "value_error":
            continue  # a name or a bound: found on its own, entry by entry
        if kind == "string_type" and where[-1] in {"start", "end"}:
            what = "must be a quarter such as 2019Q1"
        elif kind == "extra_forbidden":
            model = _KEYS[str(where[0])] if len(where) > 1 else Scenario
            what = "unknown key" + near(str(where[-1]), model.model_fields)
        else:
            what = worded(item)
        if where[:1] == ("levers",) and where[-1] == "value" and (lever := LEVERS.get(str(where[1]))):
            what += f" ({lever.low:g} to {lever.high:g} {lever.unit})"
        yield Mistake(source.line(where), f"{'.'.join(map(str, where)) or 'scenario'}: {what}")
