"""Scenario files and the commands about them: what is shown, what is refused, and in which line."""

import json
from pathlib import Path

import pytest

from scenarios import scenario as scenario_module
from scenarios.levers import LEVERS
from scenarios.scenario import (
    CATALOGUE,
    LeverSetting,
    ScenarioError,
    examine,
    list_scenarios,
    load_scenario,
)
from scenarios.schema import json_schema
from simulation.cli_scenarios import find_mistakes, schema_text
from simulation.data import load_places
from simulation.indicators import INDICATORS
from simulation.runs import RunSpec, run_one

TEXTS = "name: mine\ntitle: {en: Mine, zh: 我的}\ndescription: {en: A test., zh: 测试。}\n"
ROOT = Path(__file__).parent.parent


@pytest.fixture
def mistakes(tmp_path):
    """Return a function that gives the mistakes in a scenario text, by line."""

    def find(text, heading=TEXTS):
        path = tmp_path / "mine.yaml"
        path.write_bytes(text if isinstance(text, bytes) else (heading + text).encode())
        return [(mistake.line, mistake.what) for mistake in find_mistakes(path)]

    return find


# --- Levers ---------------------------------------------------------------------------------------------


def test_levers_lists_the_registry(yongwen):
    code, out, _ = yongwen("levers", "--json")
    assert code == 0
    listed = json.loads(out)
    assert [entry["name"] for entry in listed] == list(LEVERS)
    keys = {"name", "name_en", "name_zh", "article", "unit", "neutral", "plan", "low", "high"}
    keys |= {"mechanism", "budget", "indicators"}
    for entry in listed:
        assert keys <= set(entry)
        assert entry["low"] <= entry["neutral"] <= entry["high"]
        assert entry["low"] <= entry["plan"] <= entry["high"]
        assert entry["indicators"]
        assert set(entry["indicators"]) <= set(INDICATORS)


@pytest.mark.parametrize("width", [110, 130])
def test_the_table_of_levers_cuts_nothing_off(yongwen, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = yongwen("levers")
    assert code == 0
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= width
    for lever in LEVERS.values():
        assert lever.name in out
        assert lever.name_zh in out
    assert out.index("Article 4") < out.index("Article 21") < out.index("Article 27")


# --- The catalogue --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list_scenarios())
def test_every_shipped_scenario_is_valid_bilingual_and_states_its_assumptions(name):
    assert find_mistakes(CATALOGUE / f"{name}.yaml") == ()
    scenario = load_scenario(name)
    assert scenario.name == name
    for text in (scenario.title, scenario.description):
        assert text.en.isascii() or "–" in text.en
        assert any("\u4e00" <= character <= "\u9fff" for character in text.zh)
    assert scenario.assumptions or name == "baseline"


def test_the_catalogue_has_the_scenarios_that_planners_ask_for():
    headline = {"baseline", "guidance_funds", "ownership_pilot", "talent_inflow", "full_plan"}
    variants = {
        "ningbo_only",
        "wenzhou_only",
        "hangzhou_delta",
        "platforms_first",
        "firms_first",
        "austerity",
    }
    assert headline | variants | {"trade_shock", "slowdown"} <= set(list_scenarios())


def test_the_full_plan_sets_every_lever_to_its_plan_value():
    levers = load_scenario("full_plan").levers
    assert {name: setting.value for name, setting in levers.items()} == {
        name: lever.plan for name, lever in LEVERS.items()
    }


def test_the_two_cities_share_the_full_plan_between_them():
    full, parts = (
        load_scenario("full_plan"),
        [load_scenario(f"{city}_only") for city in ("ningbo", "wenzhou")],
    )
    for name, lever in LEVERS.items():
        if lever.place:
            continue
        values = [part.levers[name].value for part in parts]
        assert [part.levers[name].scope for part in parts] == [("Ningbo",), ("Wenzhou",)]
        if lever.amount:
            assert sum(values) == pytest.approx(full.levers[name].value, rel=0.01)
        else:
            assert values == [full.levers[name].value] * 2
    pilots = [part.pilot_institutions for part in parts]
    assert sorted(pilots[0] + pilots[1]) == sorted(full.pilot_institutions)


def test_conditions_set_no_lever_and_change_the_world():
    for name in ("trade_shock", "slowdown", "pandemic_year"):
        scenario = load_scenario(name)
        assert not scenario.levers
        assert "not a policy" in scenario.description.en
        paths = [run_one(RunSpec(which, 3, 0.01, 2020)) for which in ("baseline", name)]
        at = paths[0].indicators.index("gdp"), paths[0].regions.index("YRD")
        base, slower = (path.values[:, at[0], at[1]] for path in paths)
        assert (base[:4] == slower[:4]).all()  # 2015-2018
        assert slower[5] < base[5]


def test_list_and_show_give_what_is_set_once_extends_is_resolved(yongwen, tmp_path):
    code, out, _ = yongwen("scenarios", "list", "--json")
    assert code == 0
    assert [entry["name"] for entry in json.loads(out)["scenarios"]] == list_scenarios()
    assert "政府引导基金" in yongwen("scenarios", "list")[1]

    file = tmp_path / "mine.yaml"
    file.write_text(
        TEXTS
        + "extends: talent_inflow\nassumptions: [Mine.]\nlevers: {talent_package: {value: 80, ramp: 4}}\n"
    )
    code, out, _ = yongwen("scenarios", "show", file, "--json")
    assert code == 0
    shown = json.loads(out)
    assert {name: setting["value"] for name, setting in shown["levers"].items()} == {
        "talent_inflow": 6000,
        "talent_package": 80,
    }
    assert shown["assumptions"] == [*load_scenario("talent_inflow").assumptions, "Mine."]
    text = yongwen("scenarios", "show", file)[1]
    for word in ("6000", "2019Q1", "Ningbo, Wenzhou", "4 quarters", "Mine.", "测试"):
        assert word in text


# --- Files with mistakes --------------------------------------------------------------------------------


def test_check_prints_all_mistakes_at_once(yongwen, tmp_path):
    file = tmp_path / "bad.yaml"
    lines = [
        "name: bad",
        "titel: {en: x, zh: y}",
        "description: {en: x}",
        "extends: guidance_fund",
        "levers:",
        "  guidance_fnd: 20",
        "  tech_lending: {value: 5000, scope: [Wenzhuo], start: 2014Q1}",
        "  talent_inflow: many",
        "  ip_enforcement: .nan",
        "  one_visit_reform: {value: true, ramp: 2.5, fro: 2019Q1}",
        "conditions:",
        "  gdp_grwth: {change: -1, start: 2019Q1, end: 2020Q1}",
        "pilot_institutions: [Ningbo Universty]",
    ]
    file.write_text("\n".join(lines))
    code, out, err = yongwen("scenarios", "check", file)
    assert code == 2
    assert err.count("\n") == 1
    for line, words in [
        (1, ["title", "missing"]), (2, ["titel", "title?"]), (3, ["description.zh", "missing"]),
        (4, ["guidance_funds?"]), (6, ["guidance_fund?"]), (7, ["5000", "0 to 500"]), (7, ["Wenzhou?"]),
        (7, ["2014Q1", "2015Q1"]), (8, ["number", "many", "0 to 30000"]), (9, ["finite"]),
        (10, ["must be a number"]), (10, ["whole number"]), (10, ["fro"]), (12, ["gdp_growth?"]),
        (13, ["Ningbo University?"]),
    ]:  # fmt: skip
        found = [text for text in out.splitlines() if text.startswith(f"{file}:{line}: ")]
        assert any(all(word in text for word in words) for text in found), (line, words, found)
    assert len(out.splitlines()) == 15
    code, out, _ = yongwen("scenarios", "check", file, "--json")
    assert code == 2
    assert len(json.loads(out)["mistakes"]) == 15


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("levers: {tech_lending: 1}\nlevers: {tech_lending: 2}\n", 5, "stands twice, first in line 4"),
        ("levers:\n  tech_lending: 1\n  tech_lending: 2\n", 6, "stands twice, first in line 5"),
        ("assumptions: &a [x]\nlevers: {tech_lending: *a}\n", 5, "aliases"),
        ("assumptions: !!python/object:os.system [ls]\n", 4, "tags"),
        ("assumptions: " + "[" * 50_000, 4, "nested"),
        ("assumptions: [", 4, "not valid YAML"),
        ("---\nname: other\n", 4, "not valid YAML"),
        ("levers: {tech_lending: .inf}\n", 4, "finite"),
        ("levers: {tech_lending: -.inf}\n", 4, "finite"),
        ("levers: {tech_lending: 1e999}\n", 4, "finite"),
        ("levers: {tech_lending: " + "9" * 5_000 + "}\n", 4, "must be a number"),
        ("levers: {tech_lending: '5'}\n", 4, "must be a number"),
        ("levers: {tech_lending: {value: 5, start: 2014Q4}}\n", 4, "between 2015Q1 and 2030Q4"),
        ("levers: {tech_lending: {value: 5, start: 2019}}\n", 4, "a quarter such as 2019Q1"),
        ("levers: {tech_lending: {value: 5, start: 2019-01-01}}\n", 4, "write 2019Q1"),
        ("levers: {tech_lending: {value: 5, start: 2020Q1, end: 2019Q1}}\n", 4, "before start"),
        ("levers: {fiscal_growth: {value: 0.1, scope: [Ningbo_HTZ]}}\n", 4, "city government"),
        ("levers: [tech_lending]\n", 4, "must be a mapping"),
        ("conditions: {gdp_growth: {change: -30, start: 2019Q1, end: 2019Q4}}\n", 4, "outside -20 to 20"),
        ("extends: mine\n", 4, "unknown scenario"),
        ("extends: ../../etc/passwd\n", 4, "not the path"),
        ("extends: other.yaml\n", 4, "not the path"),
        ("1: x\n", 4, "plain text"),
        ('"\\e[31m": x\n', 4, "plain text"),
        ('assumptions: ["\\x1b"]\n', 4, "control characters"),
    ],
)
def test_a_mistake_is_found_with_its_line(mistakes, text, line, reason):
    found = mistakes(text)
    assert len(found) == 1, found
    assert found[0][0] == line
    assert reason in found[0][1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x" * 10_000_000, "100 kB"),
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"", "a scenario is a mapping"),
        (b"- 1\n", "a scenario is a mapping"),
        (b"{}\n", "empty"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused(mistakes, content, reason):
    [(_, what)] = mistakes(content)
    assert reason in what


def test_a_valid_file_has_no_mistakes(mistakes):
    scopes = "all, Ningbo_HTZ, Taizhou"
    condition = "{change: -1.5, scope: [Ningbo+Wenzhou, YRD], start: 2019Q1, end: 2020Q4}"
    text = (
        f"levers:\n  tech_lending: {{value: 5, scope: [{scopes}]}}\nconditions: {{gdp_growth: {condition}}}\n"
    )
    assert mistakes(text) == []
    assert {place.id for place in load_places()} >= {"Ningbo_HTZ", "Taizhou"}


def test_a_circle_of_extends_is_named(tmp_path, monkeypatch):
    for name, parent in (("first", "second"), ("second", "third"), ("third", "second")):
        (tmp_path / f"{name}.yaml").write_text(TEXTS.replace("mine", name) + f"extends: {parent}\n")
    monkeypatch.setattr(scenario_module, "CATALOGUE", tmp_path)
    scenario, (mistake,) = examine(tmp_path / "first.yaml")
    assert scenario is None
    assert mistake.line == 4
    assert "circle: second -> third -> second" in mistake.what


def test_loading_tells_every_mistake_with_its_line(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(TEXTS + "levers: {tech_lending: 501, tech_lendin: 1}\n")
    with pytest.raises(
        ScenarioError, match=r"line 4: .*501 is outside 0 to 500.*line 4: unknown lever"
    ) as error:
        load_scenario(str(file))
    assert len(error.value.mistakes) == 2


def test_a_scenario_made_in_code_is_checked_too():
    texts = {"en": "x", "zh": "y"}
    with pytest.raises(ValueError, match="outside 0 to 500"):
        scenario_module.Scenario(
            name="mine", title=texts, description=texts, levers={"tech_lending": LeverSetting(value=501)}
        )


# --- New files and the schema ---------------------------------------------------------------------------


def test_new_writes_a_valid_template_once(yongwen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert yongwen("scenarios", "new", "my_plan")[0] == 0
    file = tmp_path / "my_plan.yaml"
    written = file.read_text(encoding="utf-8")
    assert yongwen("scenarios", "check", "my_plan.yaml")[0] == 0
    assert load_scenario(str(file)).name == "my_plan"
    uncommented = "\n".join(
        line.removeprefix("# ") if ": " in line else line for line in written.splitlines()
    )
    assert "gdp_growth: {" in uncommented
    code, out, err = yongwen("scenarios", "new", "my_plan")
    assert (code, out) == (2, "")
    assert "exists" in err
    assert file.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["scenarios", "show", "baselin"], "did you mean baseline"),
        (["scenarios", "check", "nowhere.yaml"], "no scenario file"),
        (["scenarios", "new", "baseline"], "catalogue"),
        (["scenarios", "new", "My Plan"], "no name"),
        (["scenarios", "new", "nowhere/mine"], "cannot be written"),
        (["scenarios", "walk"], "walk"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(yongwen, tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    code, out, err = yongwen(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err
    assert list(tmp_path.iterdir()) == []


def test_the_published_schema_is_fresh(yongwen):
    published = (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "write it anew: yongwen scenarios schema > docs/scenario.schema.json"
    assert yongwen("scenarios", "schema")[1] == published


def test_the_schema_knows_every_lever_and_its_bounds():
    levers = json_schema()["properties"]["levers"]
    assert levers["additionalProperties"] is False
    assert list(levers["properties"]) == list(LEVERS)
    for name, lever in LEVERS.items():
        number, long_form = levers["properties"][name]["anyOf"]
        bounds = {"type": "number", "minimum": lever.low, "maximum": lever.high}
        assert number == long_form["properties"]["value"] == bounds
        assert long_form["required"] == ["value"]


def test_conditions_can_be_laid_over_any_run(yongwen):
    words = ["--seeds", "1", "--scale", "0.01", "--until", "2019", "--json"]
    code, out, _ = yongwen("run", "guidance_funds", "--with", "trade_shock", *words)
    assert code == 0
    document = json.loads(out)
    assert document["scenario"] == "guidance_funds+trade_shock"
    [name] = document["run_ids"]
    code, again, _ = yongwen("rerun", name, "--json")
    assert code == 0
    assert json.loads(again)["targets"] == document["targets"]
    code, out, _ = yongwen("compare", "baseline", "guidance_funds", "--with", "trade_shock", *words)
    assert (code, "guidance_funds+trade_shock" in out) == (0, True)
    code, _, err = yongwen("run", "baseline", "--with", "full_plan", *words)
    assert code == 2
    assert "full_plan cannot be laid over baseline" in err
