"""The documentation site builds without a warning and needs no internet; its examples run."""

import importlib.util
import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.utils import CountHandler

from scenarios.levers import LEVERS

ROOT = Path(__file__).resolve().parent.parent
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True)
    counter = CountHandler()
    counter.setLevel(logging.WARNING)
    logging.getLogger("mkdocs").addHandler(counter)
    build(config)
    logging.getLogger("mkdocs").removeHandler(counter)
    assert not counter.get_counts()
    return folder


class Loads(HTMLParser):
    """Collects what a page fetches to be shown."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if tag in LOADS and facts.get("rel") not in {"canonical", "next", "prev"}:
            self.found.append(facts.get(LOADS[tag]) or "")


def test_pages_fetch_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert loads.found
        assert not [link for link in loads.found if re.match(r"(https?:)?//", link)], page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), (
            sheet.name
        )


def test_equations_are_mathml(site):
    page = (site / "model.html").read_text(encoding="utf-8")
    formulas = re.findall(r"<math.*?</math>", page, re.DOTALL)
    written = re.sub(
        r"```.*?```", "", (ROOT / "docs" / "model.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert len(formulas) > 50
    assert len(formulas) >= len(re.findall(r"\$\$.+?\$\$", written, re.DOTALL))
    assert "arithmatex" not in page
    for formula in formulas:
        ElementTree.fromstring(formula)


def test_guides_are_there_in_both_languages(site):
    for name in ("planner", "researcher", "facilitator"):
        assert re.search(r"<h1[^>]*>For", (site / "guides" / f"{name}.html").read_text(encoding="utf-8"))
        assert re.search(
            r"<h1[^>]*>[^<]*[\u4e00-\u9fff]", (site / "guides" / f"{name}_zh.html").read_text("utf-8")
        )


def test_guides_say_the_same_in_both_languages():
    """Commands and scenario files are the same; comments are translated."""
    for name in ("planner", "researcher", "facilitator"):
        english, chinese = (
            (ROOT / "docs" / "guides" / f"{name}{ending}.md").read_text(encoding="utf-8")
            for ending in ("", "_zh")
        )
        blocks = [re.findall(r"```\w+\n(.*?)```", text, re.DOTALL) for text in (english, chinese)]
        code = [[re.sub(r" +#.*", "", block) for block in found] for found in blocks]
        assert code[0] == code[1]
        assert english.count("\n## ") == chinese.count("\n## ")
        assert english.count("\n| ") == chinese.count("\n| ")


def test_registries_are_on_the_site(site):
    levers = (site / "levers.html").read_text(encoding="utf-8")
    assert all(name in levers for name in LEVERS)
    api = (site / "api.html").read_text(encoding="utf-8")
    for name in ("simulation.experiment.run_ensemble", "simulation.sweeps.results.Results.to_xarray"):
        assert f'id="{name}"' in api


def test_copies_lead_to_pages_of_the_site(site):
    contributing = (site / "contributing.html").read_text(encoding="utf-8")
    assert 'href="limits.html"' in contributing
    assert 'href="notebooks/03_sweep.ipynb"' in (site / "notebooks.html").read_text(encoding="utf-8")
    assert (site / "notebooks" / "03_sweep.ipynb").read_text("utf-8") == (
        ROOT / "notebooks" / "03_sweep.ipynb"
    ).read_text("utf-8")


# Examples.


def _example(name):
    path = ROOT / "docs" / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"example_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_batch_run_example():
    table = _example("batch_run").run(scale=0.003, until=2019)
    assert table.index.tolist() == [0.0, 12000.0]
    assert table["mean"].gt(0).all()


def test_solara_viz_example():
    import solara

    example = _example("solara_viz")
    _, rendering = solara.render(example.page, handle_error=False)  # raises what goes wrong
    rendering.close()
    model = example.Quick(guidance_fund=10.0, scale=0.003)
    model.step()
    assert model.datacollector.model_vars["Researchers"][0] > 0
    assert set(example.SLIDERS) <= set(example.Quick.__init__.__annotations__)
