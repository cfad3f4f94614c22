"""Write the pages of the documentation that come from the code, and the tables of the code in other pages.

    python docs/generate.py

``tests/test_docs.py`` fails when a page is stale. The page of facts needs one full-scale run.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import typer

from agents.parameters import DERIVED, Parameter, parameters
from calibration.effects.shipped import band, effect, load_results
from calibration.facts import HEADER, LAST_YEAR, SEED, cells, measured, record
from scenarios.levers import LEVERS
from simulation.cli import app
from simulation.experiment import goal_of
from simulation.indicators import INDICATORS, REGIONS, TARGETS
from simulation.schedule import PHASES
from simulation.sweeps.schema import schema_text

DOCS = Path(__file__).resolve().parent
ARTICLES = 27
NOTE = "<!-- Made by docs/generate.py from {source}; edit that, not this page. -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def page(title: str, source: str, *parts: str) -> str:
    """Return a page: title, note on its origin, and parts separated by blank lines."""
    return "\n\n".join([f"# {title}", NOTE.format(source=source), *parts]) + "\n"


def basis(text: str) -> str:
    """Mark what nobody published."""
    return f"**{text}**" if text == "assumption" else text


def parameters_page() -> str:
    """Return the table of parameters, by mechanism."""
    rows = list(parameters().values())
    counts = {name: sum(row.basis == name for row in rows) for name in ("evidence", "official", "assumption")}
    counted = ", ".join(f"{count} {name}" for name, count in counts.items())
    intro = (
        f"{len(rows)} parameters: {counted}. *Evidence* is a published estimate, *official* a rule or a "
        "statistic; an **assumption** rests on nothing published. `low` and `high` bound what a run accepts "
        "and hold 90 % of the prior. A run uses the central values unless it is given others."
    )
    derived = (
        "Constants a quarter that follow from yearly parameters: "
        + ", ".join(f"`{name}`" for name in DERIVED)
        + " (`agents/parameters.py`)."
    )
    parts = [intro, derived]
    for mechanism in dict.fromkeys(row.mechanism for row in rows):
        group = [row for row in rows if row.mechanism == mechanism]
        parts += [
            f"## {mechanism.capitalize()}",
            table(_PARAMETER_HEADER, [_parameter(row) for row in group]),
        ]
    return page("Parameters", "agents/parameters.csv", *parts)


_PARAMETER_HEADER = ("name", "symbol", "central", "low", "high", "unit", "prior", "basis", "source")


def _parameter(row: Parameter) -> Sequence[str]:
    numbers = (f"{value:g}" for value in (row.central, row.low, row.high))
    return f"`{row.name}`", row.symbol, *numbers, row.unit, row.prior, basis(row.basis), row.source


def indicators_page() -> str:
    """Return the registry of indicators, the targets and the reporting regions."""
    definitions = [
        (
            f"`{row.id}`",
            row.name_en,
            row.name_zh,
            row.unit,
            row.definition,
            ", ".join(f"`{series}`" for series, _ in row.observed_as),
        )
        for row in INDICATORS.values()
    ]
    return page(
        "Indicators and targets",
        "simulation/indicators.py and calibration/data/targets.csv",
        "Each indicator is a formula over sums of a region's places (`simulation/yearbook.py`). *Observed "
        "as* names the published series that it is compared with, best first; an empty cell means that there "
        "is none.",
        table(("id", "English", "Chinese", "unit", "definition", "observed as"), definitions),
        "## Targets",
        "Targets are for 2022; each is met when the value is at least the target. A total binds the joint "
        "scope only; its members are reported without a target.",
        table(
            ("id", "article", "indicator", "target", "unit", "kind", "regions with the target", "beside it"),
            _target_rows(),
        ),
        "## Regions",
        ", ".join(f"`{region}`" for region in REGIONS)
        + ". A city includes its zone; `YRD` is the sum of the cities.",
    )


def _target_rows() -> Iterator[Sequence[str]]:
    for target in TARGETS:
        bound = [region for region in target.regions if goal_of(target, region) is not None]
        beside = [region for region in target.regions if region not in bound]
        names = (", ".join(f"`{region}`" for region in part) for part in (bound, beside))
        first = f"`{target.id}`", f"{target.article}", f"`{target.indicator}`", f"{target.value:g}"
        yield *first, target.unit, target.kind, *names


def levers_page() -> str:
    """Return the registry of levers, by article."""
    missing = sorted(set(range(1, ARTICLES + 1)) - {lever.article for lever in LEVERS.values()})
    parts = [
        "A lever at its neutral value means: as if the article did not exist. An *amount* is a total for the "
        "whole scope, shared out in proportion to GDP; other levers hold alike at every place of the scope. "
        "Where the policy gives no figure, the plan value is an assumption. Costs are 100m CNY a year for "
        "each unit of the lever; a dash means that a lever costs nothing, or that its cost is counted where "
        "the money is paid out.",
        f"Every article has a lever but {' and '.join(map(str, missing))}, which set direction and targets.",
    ]
    for article, group in groupby(sorted(LEVERS.values(), key=attrgetter("article")), attrgetter("article")):
        parts.append(f"## Article {article}")
        for lever in group:
            bounds = f"{lever.low:g} to {lever.high:g}"
            cost = f"{lever.unit_cost:g}" if lever.unit_cost else "–"
            facts = [
                ("unit", lever.unit + (" (amount)" if lever.amount else "")),
                ("neutral, plan, bounds", f"{lever.neutral:g}, {lever.plan:g}, {bounds}"),
                ("cost, paid by", f"{cost}, {lever.budget}"),
                ("touches", lever.touches),
                ("mechanism", lever.mechanism),
                ("should move", ", ".join(f"`{name}`" for name in lever.indicators)),
                ("evidence", lever.evidence),
            ]
            parts += [f"### `{lever.name}`: {lever.name_en} ({lever.name_zh})", table(("", ""), facts)]
    return page("Levers", "scenarios/levers.py", *parts)


def facts_page() -> str:
    """Return the table of stylised facts, from one full-scale run."""
    results = measured(record())
    verdicts = [fact.holds(value) for fact, value in results]
    return page(
        "Stylised facts",
        "calibration/facts.py",
        f"One run of the baseline, seed {SEED}, with every firm, to the end of {LAST_YEAR}; "
        "`python -m calibration.facts` prints it.",
        f"{verdicts.count(True)} facts lie inside their bands and {verdicts.count(False)} outside; "
        f"{verdicts.count(None)} have no band. A fact is *fitted* if the same evidence set a parameter, a "
        "city effect or the starting population: that it holds is no test. The others are *held out*. What "
        "the misses mean stands in [limits](limits.md#stylised-facts).",
        table(HEADER, [cells(fact, value) for fact, value in results]),
    )


def effects_page() -> str:
    """Return the table of virtual studies, as it was shipped."""
    content = load_results()
    made, studies = content["made"], content["studies"]
    held_out = [row for row in studies if row["role"] == "held out"]
    put_in = [row for row in studies if row["role"] == "put in"]
    missed = [row for row in (*held_out, *put_in) if not row["passed"]]
    ways = {"one world": "its own", "paired": "paired"}
    header = ("study", "what is estimated", "published", "band", "model", "way", "other way", "passed")

    def line(row: dict[str, Any]) -> Sequence[str]:
        other = row["paired"] if row["counted"] == "one world" else row["one_world"]
        what = f"{row['quantity']} ({row['lever']}; {row['design']}): {row['source']}"
        found = effect(row["estimate"], row["se"]), ways[row["counted"]]
        verdict = "yes" if row["passed"] else "**no**"
        beside = effect(other["estimate"], other["se"]) if other else ""
        return f"`{row['id']}`", what, row["published"], band(row), *found, beside, verdict

    inside = [fact["passed"] for fact in content["facts"]]
    return page(
        "Effect sizes",
        "calibration/effects/",
        "Published studies of policies, repeated inside the model: treated and control units, the study's "
        "estimator on the model's micro data, and the estimate beside what was published.",
        f"**{content['passed']} of {content['of']} held-out studies pass.** Made on {made['made']} with "
        f"{len(made['seeds'])} worlds at scale {made['scale']:g} by `{made['command']} --ship`, at central "
        "values of the parameters; `yongwen effects --shipped` shows the table and says whether the model "
        "has changed since.",
        "\n".join(_HOW_TO_READ),
        "## Held out",
        table(header, [line(row) for row in held_out]),
        "## What the misses mean",
        "\n".join(f"* `{row['id']}`: {row['note'] or 'not explained yet'}." for row in missed),
        "## Put in",
        table((*header, "parameter"), [(*line(row), f"`{row['parameter']}`") for row in put_in]),
        "## Stylised facts",
        f"{inside.count(True)} lie inside their bands and {inside.count(False)} outside; see "
        "[facts](facts.md).",
    )


_HOW_TO_READ = (
    "How to read it:",
    "",
    "* *its own*: the estimator of the published study, in one world, where controls have to be found and",
    "  selection can mislead. *Paired*: treated less untreated runs of the same seed, the effect itself. The",
    "  column *way* says which of them counts; with a dozen cities the estimators of studies of hundreds of",
    "  cities say little, so there the paired one counts.",
    "* Errors are standard errors over worlds, with cities drawn by chance for treatment. They hold no",
    "  uncertainty of parameters.",
    "* A study passes if its estimate lies inside the band and four standard errors fit into the band; where",
    "  only a direction is known, if it lies two standard errors on that side.",
    "* *Put in*: a parameter was set from the number, so that finding it again is no test; such studies are",
    "  shown and not counted.",
    "* Bands are those of the evidence; published intervals are rare.",
)


def filled(name: str, block: str, content: str) -> str:
    """Return a page that is written by hand, with what stands between two comments made anew."""
    before, rest = (DOCS / name).read_text(encoding="utf-8").split(f"<!-- {block} -->")
    after = rest.split(f"<!-- /{block} -->")[1]
    return f"{before}<!-- {block} -->\n{content}\n<!-- /{block} -->{after}"


def model_page() -> str:
    """Return the page on the model with the schedule of the code in it."""
    rows = [
        (str(index), f"`{phase.name}`", phase.summary, "year" if phase.yearly else "quarter")
        for index, phase in enumerate(PHASES, start=1)
    ]
    return filled("model.md", "phases", table(("", "phase", "what happens", "every"), rows))


def command_line_page() -> str:
    """Return the page on the command line with the commands of the code in it."""
    rows = [(f"`{name}`", command.help or "") for name, command in commands()]
    return filled("command_line.md", "commands", table(("command", "what it does"), rows))


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command by its full name, those of groups one by one, after a group that is one itself."""
    root: Any = typer.main.get_command(app)
    waiting = [("yongwen", root)]
    while waiting:
        name, command = waiting.pop(0)
        inner = getattr(command, "commands", None)
        if inner is None or command.invoke_without_command:
            yield name, command
        if inner is not None:
            waiting += [(f"{name} {word}", part) for word, part in inner.items()]


PAGES = {
    "model.md": model_page,
    "command_line.md": command_line_page,
    "parameters.md": parameters_page,
    "indicators.md": indicators_page,
    "levers.md": levers_page,
    "facts.md": facts_page,
    "experiment.schema.json": schema_text,
    "effects.md": effects_page,
}


def main() -> None:
    """Write all pages."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
