"""The scenario file: a YAML text that a planner can read aloud, checked against the registry of levers."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
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
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scenarios.levers import LEVERS

CATALOGUE = Path(__file__).with_name("catalogue")
FIRST_YEAR, LAST_YEAR = 2015, 2030
MAX_BYTES = 100_000
DEFAULT_SCOPE = ("Ningbo", "Wenzhou")


class ScenarioError(ValueError):
    """A scenario cannot be found or is not valid."""


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Finite = Annotated[float, AfterValidator(_finite)]


class Bilingual(BaseModel):
    """A text in English and Chinese."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    en: str
    zh: str


class LeverSetting(BaseModel):
    """A lever's value, where it holds and when.

    `start` and `end` are quarters such as 2019Q1 (both included); `ramp` is the number of quarters over which
    the lever rises from its neutral value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: Finite
    scope: tuple[str, ...] = DEFAULT_SCOPE
    start: str = "2019Q1"
    end: str = f"{LAST_YEAR}Q4"
    ramp: int = Field(default=0, ge=0, le=40)

    @field_validator("start", "end")
    @classmethod
    def _quarter(cls, value: str) -> str:
        quarter_index(value)
        return value

    @model_validator(mode="after")
    def _order(self) -> Self:
        _in_order(self.start, self.end)
        return self


def _in_order(start: str, end: str) -> None:
    if quarter_index(end) < quarter_index(start):
        raise ValueError(f"end {end} lies before start {start}")


class Condition(BaseModel):
    """A change of the outside world, not a policy: percentage points a year on top of the path."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    change: Finite = Field(ge=-20, le=20)
    scope: tuple[str, ...] = ("YRD",)
    start: str
    end: str

    @field_validator("start", "end")
    @classmethod
    def _quarter(cls, value: str) -> str:
        quarter_index(value)
        return value

    @model_validator(mode="after")
    def _order(self) -> Self:
        _in_order(self.start, self.end)
        return self


class Scenario(BaseModel):
    """What a planner wants to look at: levers, and conditions laid over them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")
    title: Bilingual
    description: Bilingual
    extends: str | None = None
    assumptions: tuple[str, ...] = ()
    levers: dict[str, LeverSetting] = {}
    conditions: dict[str, Condition] = {}
    pilot_institutions: tuple[str, ...] = ()

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
        problems = []
        for name, setting in value.items():
            lever = LEVERS.get(name)
            if lever is None:
                near = get_close_matches(name, LEVERS, n=1)
                problems.append(f"unknown lever {name!r}" + (f", did you mean {near[0]}?" if near else ""))
            elif not lever.low <= setting.value <= lever.high:
                problems.append(
                    f"{name} = {setting.value:g} is outside {lever.low:g} to {lever.high:g} ({lever.unit})"
                )
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @field_validator("conditions")
    @classmethod
    def _known_conditions(cls, value: dict[str, Condition]) -> dict[str, Condition]:
        for name in value:
            if name not in CONDITIONS:
                raise ValueError(f"unknown condition {name!r}; known: {', '.join(CONDITIONS)}")
        return value

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the scenario does (its levers and conditions, not its texts)."""
        what = self.model_dump(include={"levers", "conditions", "pilot_institutions"})
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


CONDITIONS = ("gdp_growth",)


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


def load_scenario(name_or_path: str) -> Scenario:
    """Return a shipped scenario by name, or one from a file.

    Raises
    ------
    ScenarioError
        There is no such scenario, or the file is not valid; the message names every mistake.
    """
    if name_or_path in list_scenarios():
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if path.suffix.lower() in {".yaml", ".yml"}:
        if not path.is_file():
            raise ScenarioError(f"no scenario file {name_or_path}")
        return _read(path, ())
    near = get_close_matches(name_or_path, list_scenarios(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ScenarioError(
        f"unknown scenario {name_or_path!r}; {hint}known: {', '.join(list_scenarios())}, or a .yaml file"
    )


@cache
def _shipped(name: str) -> Scenario:
    return _read(CATALOGUE / f"{name}.yaml", ())


def _read(path: Path, seen: tuple[str, ...]) -> Scenario:
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(f"{path}: larger than {MAX_BYTES // 1000} kB, which no scenario needs")
    yaml = YAML(typ="safe", pure=True)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ScenarioError(f"{path}: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(raw, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping with name, title, description and levers")
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in e['loc']) or 'scenario'}: {e['msg']}" for e in error.errors()
        ]
        raise ScenarioError(f"{path}: " + "; ".join(lines)) from error
    if scenario.extends is None:
        return scenario
    if scenario.extends in seen or scenario.extends == scenario.name:
        raise ScenarioError(
            f"{path}: extends goes round in a circle: {' -> '.join((*seen, scenario.name, scenario.extends))}"
        )
    if scenario.extends not in list_scenarios():
        raise ScenarioError(
            f"{path}: extends an unknown scenario {scenario.extends!r}; known: {', '.join(list_scenarios())}"
        )
    parent = _read(CATALOGUE / f"{scenario.extends}.yaml", (*seen, scenario.name))
    return scenario.model_copy(
        update={
            "levers": {**parent.levers, **scenario.levers},
            "conditions": {**parent.conditions, **scenario.conditions},
            "pilot_institutions": scenario.pilot_institutions or parent.pilot_institutions,
        }
    )
