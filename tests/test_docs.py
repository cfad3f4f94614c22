"""The documentation is true to the code: generated pages are fresh, and what the pages name exists."""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from agents.parameters import DERIVED, parameters
from agents.records import FIRM, SUPPORT
from calibration.facts import FACTS
from scenarios.levers import LEVERS
from scenarios.scenario import list_scenarios
from simulation.cli import EXIT_CODES
from simulation.data_types import NATIONAL_PATH_UNITS, PLACE_PATH_UNITS
from simulation.effects import EFFECTS
from simulation.indicators import INDICATORS, TARGETS
from simulation.schedule import PHASES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "notebooks" / "README.md",
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    ]
)
GENERATED = (
    *("model.md", "command_line.md", "parameters.md", "indicators.md", "levers.md", "facts.md"),
    *("effects.md", "experiment.schema.json"),
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_generated_pages_are_known() -> None:
    assert set(_generator().PAGES) == set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_page_is_fresh(name: str) -> None:
    made = _generator().PAGES[name]()
    on_disk = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert on_disk == made, f"docs/{name} is stale: run python docs/generate.py and read what changed"


def test_a_stale_schedule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_generator(), "PHASES", PHASES[1:])
    assert _generator().model_page() != (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


# Links.


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_links_resolve(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in _anchors(target), f"{page.name} links to {link}"


# Files, commands and names.


def _code(page: Path) -> Iterator[str]:
    """Yield what stands in backticks and, line by line, in shell blocks."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            yield line.split("#")[0].strip()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@each_page
def test_named_files_exist(page: Path) -> None:
    for code in _code(page):
        for word in code.split():
            if re.fullmatch(r"[\w.]+(/[\w.]+)*/([\w]+\.\w+)?", word) and word.split("/")[0] not in {
                "results"
            }:
                assert (ROOT / word).exists(), f"{page.name} names {word}"


@each_page
def test_named_commands_exist(page: Path) -> None:
    for code in _code(page):
        words = [word for word in code.split() if "=" not in word]
        match words:
            case ["yongwen", command, *rest]:
                _check_yongwen(command, rest)
            case ["python", "-m", module, *_]:
                assert importlib.util.find_spec(module), code
            case ["python", script, *_] if script.endswith(".py"):
                assert (ROOT / script).is_file(), code
            case ["make", *goals]:
                makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
                assert all(re.search(rf"^{goal}:", makefile, re.MULTILINE) for goal in goals), code


def _check_yongwen(command: str, rest: list[str]) -> None:
    if command.isupper() or command.startswith("-"):
        return
    known = dict(_generator().commands())
    name = f"yongwen {command}"
    if name not in known:  # a group: the next word is the command
        name, rest = f"{name} {rest[0]}", rest[1:]
    assert name in known, name
    options = {option for parameter in known[name].params for option in parameter.opts} | {"--help"}
    for word in rest:
        assert not word.startswith("--") or word in options, f"{name} {word}"
    if command == "run" and rest and not rest[0].startswith("-"):
        assert rest[0] in list_scenarios() or rest[0].endswith(".yaml") or rest[0].isupper(), rest[0]


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    for code in re.findall(r"(\d+) [a-z]", EXIT_CODES):
        assert f"| {code} |" in text


@pytest.mark.parametrize("name", ["model.md", "limits.md", "data.md"])
def test_named_parameters_exist(name: str) -> None:
    known = {*parameters(), *DERIVED, *INDICATORS, *LEVERS, *EFFECTS, *PLACE_PATH_UNITS, *NATIONAL_PATH_UNITS}
    known |= {phase.name for phase in PHASES} | {target.id for target in TARGETS}
    known |= {*(FIRM.names or ()), *(SUPPORT.names or ()), "low", "high", "scale", "parent", "zone_"}
    known |= {"firms", "rule", "show", "settle", "count_firm"}  # functions and attributes that data.md names
    for code in _code(ROOT / "docs" / name):
        if re.fullmatch(r"[a-z]+(_[a-z0-9]+)*_?", code):
            assert code in known, f"{name} names {code}"


def test_equations_name_parameters() -> None:
    """Names of parameters inside equations exist, too."""
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    names = [name.replace("\\_", "_") for name in re.findall(r"\\text\{([^}]*\\_[^}]*)\}", text)]
    assert names
    assert set(names) <= set(parameters())


# The page on limits.


def _limits() -> str:
    return (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")


def test_limits_name_the_facts_that_miss_and_no_others() -> None:
    listed = set(
        re.findall(r"^\* `(.+?)`:", _limits().split("<!-- misses -->")[1].split("<!-- /misses")[0], re.M)
    )
    rows = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8").splitlines()
    missing = {row.split(" | ")[0].removeprefix("| ") for row in rows if " | no | " in row}
    assert listed == missing
    assert listed <= {fact.name for fact in FACTS}


def test_constants_have_the_values_that_are_printed() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)\.([A-Z_]+)` \| ([\d.]+) \|", _limits(), re.M)
    assert rows
    for module, name, value in rows:
        assert getattr(importlib.import_module(module), name) == float(value), f"{module}.{name}"


def test_version_is_the_same_everywhere() -> None:
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert project
    assert f"version: {project[1]}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {project[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
