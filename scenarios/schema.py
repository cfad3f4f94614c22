"""The JSON Schema of scenario files, for editors that complete and check while one types."""

from typing import Any

from scenarios.levers import LEVERS, Lever
from scenarios.scenario import CONDITIONS, FIRST_YEAR, LAST_YEAR, Scenario

_QUARTER = {"type": "string", "pattern": r"^20[123][0-9]Q[1-4]$"}


def json_schema() -> dict[str, Any]:
    """Return the schema: that of the model, with every lever's name, bounds and short form."""
    schema = Scenario.model_json_schema()
    definitions, properties = schema["$defs"], schema["properties"]
    for name in ("LeverSetting", "Condition"):
        for end in ("start", "end"):
            definitions[name]["properties"][end].update(
                _QUARTER, description=f"A quarter from {FIRST_YEAR}Q1 to {LAST_YEAR}Q4."
            )
    setting, condition = definitions.pop("LeverSetting"), definitions.pop("Condition")
    properties["levers"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {lever.name: _lever(lever, setting) for lever in LEVERS.values()},
    }
    properties["conditions"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _condition(name, condition) for name in CONDITIONS},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _condition(name: str, condition: dict[str, Any]) -> dict[str, Any]:
    kind = CONDITIONS[name]
    change = {"type": "number", "minimum": kind.low, "maximum": kind.high}
    meaning = kind.meaning[0].upper() + kind.meaning[1:]
    return {
        **condition,
        "description": f"{meaning}: {kind.unit}, {kind.low:g} to {kind.high:g}.",
        "properties": {**condition["properties"], "change": change},
    }


def _lever(lever: Lever, setting: dict[str, Any]) -> dict[str, Any]:
    value = {"type": "number", "minimum": lever.low, "maximum": lever.high}
    return {
        "description": f"{lever.name_en} ({lever.name_zh}), article {lever.article}; {lever.unit}; "
        f"neutral {lever.neutral:g}, plan {lever.plan:g}. {lever.mechanism}",
        "anyOf": [value, {**setting, "properties": {**setting["properties"], "value": value}}],
    }
