"""The JSON Schema of experiment files, for editors that complete and check while one types."""

import json
from typing import Any

from agents.parameters import parameters
from scenarios.levers import LEVERS
from scenarios.scenario import CONDITIONS
from simulation.indicators import INDICATORS, REGIONS
from simulation.sweeps.description import Description, varied
from simulation.sweeps.snapshots import AGENT_COLUMNS


def json_schema() -> dict[str, Any]:
    """Return the schema: that of the description, with all names and bounds."""
    schema = Description.model_json_schema()
    definitions, properties = schema["$defs"], schema["properties"]
    snapshot = definitions.pop("Snapshot")
    how_many = {"type": "integer", "minimum": 1, "description": "How many, from 1 on."}
    properties["seeds"]["oneOf"].append(how_many)
    properties["parameters"] = _named({name: _number(name) for name in parameters()})
    names = (*LEVERS, *CONDITIONS, *parameters())
    properties["factors"] = _named({name: _factor(name) for name in names})
    row = {
        "type": "object",
        "propertyNames": {"enum": list(names)},
        "additionalProperties": {"type": "number"},
    }
    definitions["Design"]["properties"]["rows"] = {"type": "array", "items": row}
    outputs = definitions["Outputs"]["properties"]
    for key, known in (("indicators", list(INDICATORS)), ("regions", list(REGIONS))):
        outputs[key] = {"anyOf": [{"const": "all"}, {"type": "array", "items": {"enum": known}}]}
    outputs["agents"] = _named({kind: _snapshot(kind, snapshot) for kind in AGENT_COLUMNS})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """Return the schema as the text that is published."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _named(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _number(name: str) -> dict[str, Any]:
    what = varied(name)
    assert what is not None
    low, high = what.bounds
    return {"type": "number", "minimum": low, "maximum": high, "description": what.unit}


def _factor(name: str) -> dict[str, Any]:
    number = _number(name)
    unit = number.pop("description")
    bounds = {"low": number, "high": number, "values": {"items": number}}
    return {"$ref": "#/$defs/Factor", "description": unit, "properties": bounds}


def _snapshot(kind: str, snapshot: dict[str, Any]) -> dict[str, Any]:
    columns = {"type": "array", "minItems": 1, "items": {"enum": list(AGENT_COLUMNS[kind])}}
    return {**snapshot, "properties": {**snapshot["properties"], "columns": columns}}
