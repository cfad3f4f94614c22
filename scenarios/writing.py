"""Write a scenario as the text of a file, in the form in which a planner would write it."""

from io import StringIO
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from scenarios.scenario import Scenario


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario as YAML, without what stays at its default and with `extends` resolved."""
    content = {
        **_chosen(
            scenario,
            *("name", "title", "description", "assumptions"),
            *("pilot_institutions", "cluster_fields", "new_institutes"),
        ),
        "levers": {name: _lever(_chosen(setting)) for name, setting in scenario.levers.items()},
        "conditions": {name: _chosen(condition) for name, condition in scenario.conditions.items()},
    }
    yaml, text = YAML(), StringIO()
    yaml.allow_unicode, yaml.width = True, 110
    yaml.dump({name: value for name, value in content.items() if value}, text)
    return text.getvalue()


def _chosen(part: BaseModel, *fields: str) -> dict[str, Any]:
    return part.model_dump(mode="json", include=set(fields) or None, exclude_defaults=True)


def _lever(setting: dict[str, Any]) -> Any:
    value = setting["value"]
    value = int(value) if value.is_integer() else value
    return value if setting.keys() == {"value"} else {**setting, "value": value}
