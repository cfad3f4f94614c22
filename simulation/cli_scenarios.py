"""The commands about what a planner can set: levers, and scenarios list, show, check, new and schema."""

import json as json_format
import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scenarios.levers import LEVERS, Lever
from scenarios.scenario import (
    CONDITIONS,
    NAME_PATTERN,
    LeverSetting,
    Names,
    Scenario,
    ScenarioError,
    examine,
    list_scenarios,
    load_scenario,
)
from scenarios.schema import json_schema
from scenarios.source import Mistake, read_source
from simulation.cli_output import explained, output, print_json
from simulation.data import load_fields, load_institutions
from simulation.errors import InputError, StorageError
from simulation.geography import load_geography
from simulation.indicators import REGIONS
from simulation.policy import scope_rows

TEMPLATE = """\
# A scenario of yongwen. `yongwen scenarios check {file}` finds mistakes, `yongwen run {file}` simulates it.
name: {name}
title:
  en: {name}
  zh: {name}
description:
  en: What this scenario asks, in one or two sentences.
  zh: 用一两句话说明本情景。

# Start from a scenario of the catalogue (`yongwen scenarios list`); what stands below is laid over it.
extends: baseline

# Write down what rests on no source.
assumptions:
  - The size of the guidance fund is an example.

# `yongwen levers` lists all levers with their bounds. A number alone holds in Ningbo and Wenzhou from 2019Q1;
# otherwise write any of: scope (cities, zones such as Ningbo_HTZ, or all), start, end (quarters, both
# included), ramp (quarters in which the lever rises to its value).
levers:
  guidance_fund: {{value: 20, scope: [Ningbo, Wenzhou], start: 2019Q1, end: 2022Q4, ramp: 4}}
  one_visit_reform: 0.5

# Conditions are the outside world, not policy: gdp_growth (points of nominal growth a year), contacts
# (percent of travel time), entry (percent of founders).
# conditions:
#   gdp_growth: {{change: -1, scope: [YRD], start: 2020Q1, end: 2020Q4}}

# Universities and institutes whose inventors get the share of title that `inventor_share` sets;
# without this list all in its scope do.
# pilot_institutions:
#   - Ningbo University

# Institutes that the lever `new_institutes` builds; without this list those that the policy names. Staff and
# budget (100m CNY a year) are those of full size.
# new_institutes:
#   - {{name: Valve Institute, city: Wenzhou, field: smart_equipment, year: 2020, staff: 120, budget: 0.5}}
"""


def levers(json: bool) -> None:
    """List the registry of levers, by article."""
    if json:
        print(json_format.dumps([asdict(lever) for lever in LEVERS.values()], ensure_ascii=False))
        return
    view = Table(
        caption="A lever at its neutral value means: as if the article did not exist. "
        "Plan values without a figure in the policy are assumptions.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    view.add_column("lever", no_wrap=True)
    view.add_column("neutral → plan\nbounds", no_wrap=True)
    view.add_column("unit\nwho pays", max_width=20)
    view.add_column("what it does\nwhat it should move")
    ordered = sorted(LEVERS.values(), key=attrgetter("article"))
    for article, group in groupby(ordered, key=attrgetter("article")):
        view.add_row(f"[bold]Article {article}[/bold]")
        for lever in group:
            view.add_row(*_cells(lever))
        view.add_section()
    output().print(view)


def _cells(lever: Lever) -> Iterator[str]:
    yield f"{lever.name}\n[dim]  {lever.name_en}\n  {lever.name_zh}[/dim]"
    yield f"{lever.neutral:g} → {lever.plan:g}\n[dim]{lever.low:g} to {lever.high:g}[/dim]"
    yield f"{lever.unit}\n[dim]{lever.budget}[/dim]"
    yield f"{lever.mechanism}\n[dim]{', '.join(lever.indicators)}[/dim]"


def list_all(json: bool) -> None:
    """List the scenarios of the catalogue."""
    with explained():
        scenarios = [load_scenario(name) for name in list_scenarios()]
    if json:
        print_json({"scenarios": [_document(scenario) for scenario in scenarios]})
        return
    view = Table("name", "scenario", "what it is", box=box.SIMPLE_HEAD, pad_edge=False)
    for scenario in scenarios:
        words = Text(scenario.description.en)
        view.add_row(scenario.name, Text(f"{scenario.title.en}\n{scenario.title.zh}"), words)
    output().print(view)


def show(name: str, json: bool) -> None:
    """Print a scenario: its text, and what it sets once `extends` is resolved."""
    with explained():
        scenario = load_scenario(name)
    if json:
        print_json(_document(scenario))
        return
    parts: list[RenderableType] = [
        Text(f"{scenario.name}: {scenario.title.en} ({scenario.title.zh})", style="bold"),
        Text(scenario.description.en),
        Text(scenario.description.zh),
    ]
    if scenario.extends:
        parts.append(Text(f"Extends {scenario.extends}; what that sets is among the following.", style="dim"))
    parts += _settings(scenario)
    for heading, lines in (
        ("Pilot institutions", scenario.pilot_institutions),
        ("Assumptions", scenario.assumptions),
    ):
        if lines:
            parts += [Text(f"\n{heading}", style="bold"), *(Text(f"- {line}") for line in lines)]
    output().print(Padding(Group(*parts), (0, 0, 1, 0)))


def _settings(scenario: Scenario) -> Iterator[RenderableType]:
    if scenario.levers:
        view = Table("lever", box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("value", "neutral"):
            view.add_column(heading, justify="right")
        for heading in ("unit", "scope", "from", "to", "ramp", "article"):
            view.add_column(heading)
        for name, item in scenario.levers.items():
            lever, scope = LEVERS[name], ", ".join(item.scope)
            end = "open" if item.end == LeverSetting.model_fields["end"].default else item.end
            ramp = f"{item.ramp} quarters" if item.ramp else "at once"
            facts = lever.unit, Text(scope), item.start, end, ramp, str(lever.article)
            view.add_row(name, f"{item.value:g}", f"{lever.neutral:g}", *facts)
        yield view
    else:
        yield Text("\nEvery lever is neutral.")
    if scenario.conditions:
        view = Table("condition (not policy)", box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("change", "scope", "from", "to"):
            view.add_column(heading)
        for name, condition in scenario.conditions.items():
            change = f"{condition.change:+g} {CONDITIONS[name].unit}"
            view.add_row(name, change, Text(", ".join(condition.scope)), condition.start, condition.end)
        yield view


def _document(scenario: Scenario) -> dict[str, Any]:
    return scenario.model_dump(mode="json")


def check(file: Path, json: bool) -> None:
    """Print every mistake of a scenario file, or that there is none.

    Raises
    ------
    InputError
        There are mistakes, or no such file.
    """
    if not file.is_file():
        raise InputError(f"no scenario file {file}")
    with explained():
        mistakes = find_mistakes(file)
    if json:
        print_json({"file": str(file), "valid": not mistakes, "mistakes": [asdict(m) for m in mistakes]})
    else:
        for mistake in mistakes:
            print(f"{file}:{mistake.line or 1}: {mistake.what}")
    if mistakes:
        counted = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise InputError(f"{file}: {counted}, the first: {mistakes[0]}")
    if not json:
        print(f"{file} is a valid scenario")


def find_mistakes(file: Path) -> tuple[Mistake, ...]:
    """Return every mistake of a scenario file, names of places and institutions included."""
    geography = load_geography()
    names = Names(
        ("all", *(place.id for place in geography.places)),
        geography.cities,
        REGIONS,
        tuple(institution.name for institution in load_institutions()),
        tuple(field.id for field in load_fields()),
    )
    scenario, mistakes = examine(file, names)
    if scenario is None or mistakes:
        return mistakes
    found, source = [], read_source(file)
    for name, setting in scenario.levers.items():
        try:
            scope_rows(setting, geography, name)
        except ScenarioError as error:
            found.append(Mistake(source.line(("levers", name, "scope")), str(error)))
    return tuple(found)


def new(name: str) -> None:
    """Write a commented template to a file that does not exist yet."""
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if path.stem in list_scenarios():
        raise InputError(f"{path.stem!r} is the name of a scenario of the catalogue; choose another")
    if not re.match(NAME_PATTERN, path.stem):
        raise InputError(
            f"{path.stem!r} is no name for a scenario: 2 to 60 characters a-z, 0-9 and _, the first a letter"
        )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=path.stem, file=path))
    except FileExistsError as error:
        raise StorageError(f"{path} exists; it was left as it is") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    print(f"{path} is a scenario to fill in")


def schema() -> None:
    """Print the JSON Schema of scenario files."""
    print(schema_text(), end="")


def schema_text() -> str:
    """Return the JSON Schema as the text that is published."""
    return json_format.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
