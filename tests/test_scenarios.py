"""Scenario files: what they say, and one clear message for each that is wrong."""

from pathlib import Path

import pytest
from worlds import scenario

from scenarios.levers import LEVERS
from scenarios.scenario import (
    Scenario,
    ScenarioError,
    list_scenarios,
    load_scenario,
    quarter_index,
)
from simulation.indicators import INDICATORS, REGIONS
from simulation.model import InnovationModel

HEAD = "name: mine\ntitle: {en: Mine, zh: 我的}\ndescription: {en: A try, zh: 尝试}\n"


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return a maker of scenario files."""

    def make(text: str | bytes, head: str = HEAD) -> str:
        path = tmp_path / "mine.yaml"
        path.write_bytes(text if isinstance(text, bytes) else (head + text).encode())
        return str(path)

    return make


# What is shipped.


@pytest.mark.parametrize("name", list_scenarios())
def test_shipped_scenarios_are_valid_and_bilingual(name: str) -> None:
    case = load_scenario(name)
    assert case.name == name
    for text in (case.title, case.description):
        assert text.en.isascii()
        assert any("一" <= letter <= "鿿" for letter in text.zh)
    model = InnovationModel(name, scale=0.001, until=2015, seed=1)  # its places and institutions are known
    named = {university.name for university in model.universities}
    assert set(case.pilot_institutions) <= named


def test_the_catalogue_has_the_baseline_first_and_the_three_headlines() -> None:
    assert list_scenarios()[0] == "baseline"
    assert {"guidance_funds", "ownership_pilot", "talent_inflow"} <= set(list_scenarios())
    assert load_scenario("baseline").levers == {}


@pytest.mark.parametrize("name", LEVERS)
def test_levers_are_fully_described(name: str) -> None:
    lever = LEVERS[name]
    assert lever.low <= lever.neutral <= lever.high
    assert lever.low <= lever.plan <= lever.high
    assert 1 <= lever.article <= 27
    assert lever.unit_cost >= 0.0
    assert all(indicator in INDICATORS for indicator in lever.indicators)
    assert lever.indicators
    texts = (
        lever.name_en,
        lever.name_zh,
        lever.unit,
        lever.budget,
        lever.touches,
        lever.mechanism,
        lever.evidence,
    )
    assert all(text.strip() for text in texts)


# What a file can say.


def test_a_lever_can_be_a_number_or_say_where_and_when(write) -> None:  # type: ignore[no-untyped-def]
    setting = "{value: 0.4, scope: [Hefei], start: 2020Q2, end: 2021Q1, ramp: 2}"
    case = load_scenario(write(f"levers:\n  guidance_fund: 10\n  delta_link: {setting}"))
    short, long = case.levers["guidance_fund"], case.levers["delta_link"]
    assert (short.value, short.scope, short.start, short.ramp) == (10.0, ("Ningbo", "Wenzhou"), "2019Q1", 0)
    assert (long.value, long.scope, long.start, long.end, long.ramp) == (
        0.4,
        ("Hefei",),
        "2020Q2",
        "2021Q1",
        2,
    )


def test_a_file_extends_a_shipped_scenario(write) -> None:  # type: ignore[no-untyped-def]
    case = load_scenario(write("extends: guidance_funds\nlevers:\n  tech_lending: 70\n  delta_link: 1"))
    parent = load_scenario("guidance_funds")
    assert case.levers["guidance_fund"] == parent.levers["guidance_fund"]
    assert case.levers["tech_lending"].value == 70.0
    assert set(case.levers) == {*parent.levers, "delta_link"}
    assert case.title.en == "Mine"
    pilot = load_scenario(write("extends: ownership_pilot"))
    assert pilot.pilot_institutions == load_scenario("ownership_pilot").pilot_institutions


def test_the_hash_is_of_what_a_scenario_does() -> None:
    first, second = scenario({"delta_link": 0.5}), scenario({"delta_link": 0.5})
    renamed = second.model_copy(update={"name": "other"})
    assert first.content_hash == renamed.content_hash
    others = (
        scenario({"delta_link": 0.6}),
        scenario({"delta_link": {"value": 0.5, "start": "2020Q1"}}),
        scenario({"delta_link": {"value": 0.5, "scope": ["all"]}}),
        scenario({"delta_link": {"value": 0.5, "ramp": 1}}),
        scenario({"delta_link": 0.5}, {"gdp_growth": {"change": -1, "start": "2020Q1", "end": "2020Q4"}}),
        scenario({"delta_link": 0.5}, pilot_institutions=["Ningbo University"]),
    )
    assert len({case.content_hash for case in (first, *others)}) == 1 + len(others)


@pytest.mark.parametrize(("text", "quarter"), [("2015Q1", 0), ("2019Q1", 16), ("2022Q4", 31)])
def test_quarters_count_from_2015(text: str, quarter: int) -> None:
    assert quarter_index(text) == quarter


# What is wrong with a file.

BAD = {
    "unknown lever": (
        "levers: {guidance_fnd: 3}", r"unknown lever 'guidance_fnd', did you mean guidance_fund\?"),
    "lever like none": ("levers: {zzz: 3}", "unknown lever 'zzz'"),
    "above its bound": ("levers: {delta_link: 1.5}", r"delta_link = 1\.5 is outside 0 to 1 \(strength 0-1\)"),
    "below its bound": ("levers: {fiscal_growth: -0.2}", r"fiscal_growth = -0\.2 is outside -0\.1 to 0\.3"),
    "no number": ("levers: {delta_link: much}", "delta_link.*number"),
    "NaN": ("levers: {delta_link: .nan}", "delta_link.*finite"),
    "infinite": ("levers: {delta_link: .inf}", "delta_link.*finite"),
    "bad quarter": ("levers: {delta_link: {value: 1, start: 2019Q5}}", "'2019Q5' is no quarter"),
    "month for quarter": (
        "levers: {delta_link: {value: 1, end: '2020-03'}}", r"'2020-03' .* \(write 2019Q1\)"),
    "year out of range": (
        "levers: {delta_link: {value: 1, start: 2099Q1}}", "2099Q1.*between 2015Q1 and 2030Q4"),
    "negative ramp": ("levers: {delta_link: {value: 1, ramp: -1}}", "delta_link.ramp"),
    "unknown key": ("levers: {delta_link: {value: 1, strat: 2019Q1}}", "delta_link.strat"),
    "unknown field": ("levrs: {delta_link: 1}", "levrs"),
    "levers as a list": ("levers: [delta_link]", "levers"),
    "unknown condition": (
        "conditions: {rain: {change: 1, start: 2019Q1, end: 2019Q2}}", "unknown condition 'rain'"),
    "condition too large": (
        "conditions: {gdp_growth: {change: -50, start: 2020Q1, end: 2020Q4}}",
        "gdp_growth.change = -50 is outside -20 to 20"),
    "extends unknown": ("extends: nothing", "extends an unknown scenario 'nothing'"),
    "extends itself": ("extends: mine", "extends .*mine"),
    "YAML error": ("levers: {delta_link: [", "mine.yaml: "),
    "a key twice": ("levers: {delta_link: 1, delta_link: 0}", "delta_link"),
    "a tag that makes objects": ("levers: !!python/object:os.system {}", "mine.yaml: "),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_clear_message(case: str, write) -> None:  # type: ignore[no-untyped-def]
    text, message = BAD[case]
    path = write(text)
    with pytest.raises(ScenarioError, match=message) as error:
        load_scenario(path)
    assert str(error.value).startswith(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_a_message_names_every_mistake(write) -> None:  # type: ignore[no-untyped-def]
    rain = "conditions: {rain: {change: 1, start: 2019Q1, end: 2019Q2}}"
    text = f"levers:\n  guidance_fnd: 3\n  delta_link: 9\n{rain}"
    with pytest.raises(ScenarioError, match=r"guidance_fnd.*delta_link.*rain"):
        load_scenario(write(text))


@pytest.mark.parametrize("head", ["", "name: Mine!\n", "name: mine\n", "name: mine\ntitle: {en: Mine}\n"])
def test_names_and_texts_are_asked_for(head: str, write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match=r"name|title|mapping"):
        load_scenario(write("levers: {}" if head else "", head=head))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "42"])
def test_a_scenario_is_a_mapping(text: str, write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match="a scenario is a mapping"):
        load_scenario(write(text.encode()))


def test_a_file_that_is_no_text(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match=r"mine\.yaml: "):
        load_scenario(write(b"\xff\xfe\x00name"))


def test_a_file_that_is_too_large(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match="larger than 100 kB"):
        load_scenario(write("#" * 100_001))


def test_a_file_nested_too_deep(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError):
        load_scenario(write("levers: " + "[" * 1_500))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenario file"):
        load_scenario(str(tmp_path / "none.yaml"))


def test_a_shipped_name_misspelt_gets_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"unknown scenario 'baselin'[;,] did you mean baseline\?"):
        load_scenario("baselin")


def test_unknown_places_are_named_with_those_that_are_known() -> None:
    with pytest.raises(ScenarioError, match=r"delta_link: unknown place 'Nibgo' in scope.*Ningbo"):
        InnovationModel(scenario({"delta_link": {"value": 1, "scope": ["Nibgo"]}}), scale=0.001)
    shock = {"gdp_growth": {"change": 1, "scope": ["Atlantis"], "start": "2019Q1", "end": "2019Q2"}}
    with pytest.raises(ScenarioError, match="gdp_growth: unknown region 'Atlantis' in scope"):
        InnovationModel(scenario({}, shock), scale=0.001)


def test_a_span_that_ends_before_it_starts(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match=r"delta_link.*2019Q1"):
        load_scenario(write("levers: {delta_link: {value: 1, start: 2020Q1, end: 2019Q1}}"))


def test_regions_of_conditions_can_be_joint() -> None:
    for region in REGIONS:
        shock = {"gdp_growth": {"change": -3, "scope": [region], "start": "2015Q2", "end": "2015Q3"}}
        InnovationModel(scenario({}, shock), scale=0.001, until=2015)


def test_scenarios_cannot_be_changed() -> None:
    case: Scenario = load_scenario("baseline")
    with pytest.raises(ValueError, match="frozen"):
        case.name = "other"


# Conditions laid over a scenario.


def test_conditions_of_one_scenario_are_laid_over_another() -> None:
    both = load_scenario("full_plan+trade_shock")
    plan, shock = load_scenario("full_plan"), load_scenario("trade_shock")
    assert both.name == "full_plan+trade_shock"
    assert (both.levers, both.conditions) == (plan.levers, shock.conditions)
    assert both.pilot_institutions == plan.pilot_institutions
    assert both.title.en == "Full plan + Trade shock (condition)"
    assert set(both.assumptions) == {*plan.assumptions, *shock.assumptions}
    assert len({one.content_hash for one in (both, plan, shock)}) == 3


def test_laying_over_is_refused_for_policies_and_for_the_same_condition_twice() -> None:
    with pytest.raises(ScenarioError, match="guidance_funds cannot be laid over baseline: only"):
        load_scenario("baseline+guidance_funds")
    with pytest.raises(ScenarioError, match=r"pandemic_year cannot be laid over .*: both set gdp_growth"):
        load_scenario("full_plan+trade_shock+pandemic_year")
    with pytest.raises(ScenarioError, match="unknown scenario 'trade_shok', did you mean trade_shock"):
        load_scenario("full_plan+trade_shok")
