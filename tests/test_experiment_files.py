"""The experiment file and its designs: what is accepted, what is refused and where, and which points come."""

import itertools
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ruamel.yaml import YAML

from agents.parameters import parameters
from scenarios.levers import LEVERS
from scenarios.scenario import CONDITIONS
from simulation.errors import InputError
from simulation.sweeps.description import ExperimentError, read_experiment
from simulation.sweeps.designs import problem, rows
from simulation.sweeps.planning import load_sweep
from simulation.sweeps.schema import json_schema, schema_text

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "docs" / "experiments").glob("*.yaml"))


@pytest.fixture
def sweep_of(tmp_path):
    """Return a maker of sweeps from the text of a file."""

    def make(text, name="a"):
        file = tmp_path / "experiment.yaml"
        file.write_text(f"name: {name}_sweep\n{text}", encoding="utf-8")
        return load_sweep(file)

    return make


def values(sweep, name):
    return [point.values[name] for point in sweep.points]


# Examples and schema.


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_valid_and_fit_the_schema(file):
    assert load_sweep(file).runs > 0
    jsonschema.validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")), json_schema())


def test_the_published_schema_is_fresh():
    published = (ROOT / "docs" / "experiment.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "write it anew with: python docs/generate.py"


def test_the_schema_refuses_what_the_reader_refuses():
    checker = jsonschema.Draft202012Validator(json_schema())
    good = {"name": "grid", "factors": {"guidance_fund": {"values": [0, 200]}}}
    assert checker.is_valid(good)
    assert not checker.is_valid({**good, "factors": {"guidance_fund": {"values": [0, 201]}}})
    assert not checker.is_valid({**good, "factors": {"guidence_fund": {}}})
    assert not checker.is_valid(
        {**good, "outputs": {"agents": {"firms": {"columns": ["x"], "years": [2018]}}}}
    )


def test_names_of_factors_say_what_they_are():
    assert not set(LEVERS) & set(parameters())
    assert not set(CONDITIONS) & {*LEVERS, *parameters()}


# Mistakes.


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("factors:\n  guidence_fund: {}", 3, "unknown factor 'guidence_fund', did you mean guidance_fund?"),
        ("factors:\n  guidance_fund: {values: [0, 300]}", 3, "guidance_fund = 300 is outside 0 to 200"),
        ("factors:\n  guidance_fund: {hihg: 3}", 3, "unknown key, did you mean high?"),
        ("factors:\n  guidance_fund: {low: 3}", 3, "low and high belong together"),
        ("factors:\n  drift: {scope: [Ningbo]}", 3, "drift is a parameter, which has no scope"),
        ("factors:\n  gdp_growth: {ramp: 2}", 3, "gdp_growth is a condition, which has no ramp"),
        ("factors:\n  guidance_fund: {start: 2020Q1, end: 2019Q1}", 3, "end 2019Q1 lies before start 2020Q1"),
        ("factors:\n  guidance_fund: {start: 2020}", 3, "must be a quarter such as 2019Q1"),
        ("parameters:\n  drfit: 0.05", 3, "unknown parameter 'drfit', did you mean drift?"),
        ("scenarios:\n  - baseline\n  - ful_plan", 4, "unknown scenario 'ful_plan', did you mean full_plan?"),
        ("design: {kind: sobol}", 2, "a design of kind sobol needs points"),
        ("design: {kind: grid, points: 4}", 2, "a design of kind grid takes no points"),
        ("design: {kind: soboll}", 2, "must be 'grid', 'list'"),
        ("design: {kind: morris, trajectories: 4, levels: 5}", 2, "levels must be even"),
        ("scale: 2", 2, "must be at most 1"),
        ("seeds: 0", 2, "must be at least 1"),
        ("until: 2031", 2, "must be at most 2022"),
        ("outputs:\n  indicators: [rd_intensty]", 3, "did you mean rd_intensity?"),
        ("outputs:\n  regions: [Ningpo]", 3, "did you mean Ningbo?"),
        ("outputs:\n  agents:\n    firm: {columns: [rd], years: [2018]}", 4, "did you mean firms?"),
        ("outputs:\n  agents:\n    firms: {columns: [rdd], years: [2018]}", 4, "column 'rdd' of firms"),
        ("until: 2018\noutputs:\n  networks: {years: [2019]}", 4, "2019 is outside 2015 to 2018"),
        ("outputs:\n  networks: {of: [city], years: [2018]}", 3, "must be 'cities' or 'firms'"),
        ("colour: red", 2, "unknown key"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(sweep_of, text, line, what):
    with pytest.raises(ExperimentError) as caught:
        sweep_of(text)
    found = [mistake for mistake in caught.value.mistakes if what in mistake.what]
    assert found, caught.value.mistakes
    assert [mistake.line for mistake in found] == [line] * len(found)
    assert len(caught.value.mistakes) == len(found), caught.value.mistakes


def test_all_mistakes_are_told_at_once(sweep_of):
    with pytest.raises(ExperimentError) as caught:
        sweep_of("scale: 3\nfactors:\n  guidance_fund: {values: [-1]}\nscenarios: [nowhere]")
    assert [mistake.line for mistake in caught.value.mistakes] == [2, 4, 5]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("factors: {guidance_fund: {}}", "a grid needs values"),
        ("factors: {drift: {values: [0.05]}}\nparameters: {drift: 0.06}", "both a factor and a fixed"),
        ("factors: {gdp_growth: {values: [1]}}", "baseline has no such condition, so give start and end"),
        ("factors: {zone_autonomy: {values: [1], scope: [Suzhou]}}", "none lies in its scope"),
        ("factors: {guidance_fund: {values: [1], scope: [Mars]}}", "unknown place 'Mars'"),
        ("factors: {weeks: {}}\ndesign: {kind: sobol, points: 2}", "unknown factor"),
        ("factors: {guidance_fund: {values: [1]}}\ndesign: {kind: sobol, points: 2}", "take no values"),
        ("design: {kind: latin_hypercube, points: 3}", "needs factors"),
        ("seeds: [1, 1]", "a seed stands twice"),
        ("scenarios: [baseline, baseline]", "two scenarios are called baseline"),
        ("design: {kind: list, rows: [{guidance_fund: 1}, {drift: 0.05}]}", "is not set in every point"),
        ("factors: {drift: {}}\ndesign: {kind: list, rows: [{guidance_fund: 1}]}", "drift has no values"),
        ("seeds: 100000\nfactors: {guidance_fund: {values: [1, 2]}}", "at most 100,000 are allowed"),
        ("design: {kind: csv, file: none.csv}", "points cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(sweep_of, text, what):
    with pytest.raises(InputError, match=what):
        sweep_of(text)


def test_a_file_that_is_no_experiment(tmp_path):
    with pytest.raises(InputError, match="no experiment file"):
        read_experiment(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ExperimentError, match="line 1: an experiment is a mapping"):
        read_experiment(tmp_path / "list.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(ExperimentError):
        read_experiment(tmp_path / "empty.yaml")


# Designs.


def test_a_grid_is_every_combination_under_every_scenario(sweep_of):
    sweep = sweep_of(
        "scenarios: [baseline, full_plan]\nseeds: 3\n"
        "factors: {guidance_fund: {values: [0, 5]}, talent_inflow: {low: 0, high: 100, steps: 3}}"
    )
    found = {(point.scenario, *point.values.values()) for point in sweep.points}
    assert len(found) == len(sweep.points) == 12
    assert set(values(sweep, "talent_inflow")) == {0.0, 50.0, 100.0}
    assert sweep.runs == 36


def test_an_experiment_may_vary_nothing(sweep_of):
    sweep = sweep_of("scenarios: [baseline, full_plan]\nseeds: [5, 3]")
    assert [point.scenario for point in sweep.points] == ["baseline", "full_plan"]
    assert {job.spec.seed for part in sweep.parts for job in part} == {3, 5}


def test_points_from_a_table(sweep_of, tmp_path):
    (tmp_path / "points.csv").write_text("\ufeffguidance_fund, drift\n1.5,0.04\n\n2,0.05\n", encoding="utf-8")
    sweep = sweep_of("design: {kind: csv, file: points.csv}")
    assert (values(sweep, "guidance_fund"), values(sweep, "drift")) == ([1.5, 2.0], [0.04, 0.05])
    for content, what in (
        ("guidance_fond\n1\n", "line 1: unknown factor"),
        ("guidance_fund\n1\n1,2\n", "line 3: 2 values for 1 factors"),
        ("guidance_fund\nmuch\n", "line 2: guidance_fund must be a number"),
        ("guidance_fund\n201\n", "line 2: guidance_fund = 201 is outside"),
        ("guidance_fund\n", "1 to 100,000 points"),
    ):
        (tmp_path / "points.csv").write_text(content)
        with pytest.raises(InputError, match=what):
            sweep_of("design: {kind: csv, file: points.csv}")


FACTORS = "factors: {guidance_fund: {low: 10, high: 30}, drift: {}, zhoushan_joins: {}}\n"


def test_a_latin_hypercube_has_one_point_in_each_stratum(sweep_of):
    sweep = sweep_of(FACTORS + "design: {kind: latin_hypercube, points: 20}")
    strata = np.floor(np.sort(values(sweep, "guidance_fund")) - 10)
    assert strata.tolist() == list(range(20))
    assert set(values(sweep, "zhoushan_joins")) == {0.0, 1.0}


def test_a_parameter_without_bounds_is_drawn_from_its_prior(sweep_of):
    drift = parameters()["drift"]
    drawn = np.array(values(sweep_of(FACTORS + "design: {kind: sobol, points: 256}"), "drift"))
    assert abs(np.median(drawn) - drift.central) < 0.05 * (drift.high - drift.low)
    assert drawn.min() >= drift.low
    assert drawn.max() <= drift.high
    bounded = "factors: {drift: {low: 0.04, high: 0.041}}\ndesign: {kind: sobol, points: 8}"
    assert all(0.04 <= value <= 0.041 for value in values(sweep_of(bounded), "drift"))


def test_more_points_of_a_sobol_sequence_contain_the_fewer(sweep_of):
    few = sweep_of(FACTORS + "design: {kind: sobol, points: 16, seed: 3}")
    many = sweep_of(FACTORS + "design: {kind: sobol, points: 32, seed: 3}")
    other = sweep_of(FACTORS + "design: {kind: sobol, points: 16, seed: 4}")
    assert values(few, "drift") == values(many, "drift")[:16]
    assert values(few, "drift") != values(other, "drift")


def test_a_morris_trajectory_changes_one_factor_at_a_time(sweep_of):
    sweep = sweep_of(FACTORS + "design: {kind: morris, trajectories: 5}")
    assert len(sweep.points) == 5 * 4
    for first in range(0, 20, 4):
        path = [sweep.points[first + step].values for step in range(4)]
        changed = [[name for name in a if a[name] != b[name]] for a, b in itertools.pairwise(path)]
        assert sorted(map(len, changed)) == [1, 1, 1]
        assert {names[0] for names in changed} == set(path[0])
    assert problem(sweep.description)["bounds"][0] == [10.0, 30.0]


def test_the_same_file_gives_the_same_points(sweep_of):
    for design in ("latin_hypercube, points: 9", "sobol, points: 9", "morris, trajectories: 3"):
        text = FACTORS + f"design: {{kind: {design}}}"
        assert sweep_of(text).points == sweep_of(text).points
        assert sweep_of(text).identity == sweep_of(text).identity


# From points to runs.


def _scenarios(sweep):
    return {job.point: job.spec.scenario for part in sweep.parts for job in part}


def test_a_factor_takes_the_place_of_the_scenarios_own_value(sweep_of):
    sweep = sweep_of(
        "scenarios: [ningbo_only]\nfactors: {guidance_fund: {values: [3]}, tech_lending: {values: [7]}}"
    )
    [scenario] = _scenarios(sweep).values()
    assert scenario.levers["guidance_fund"].value == 3.0
    assert scenario.levers["guidance_fund"].scope == ("Ningbo",)
    moved = sweep_of(
        "scenarios: [ningbo_only]\nfactors: {guidance_fund: {values: [3], scope: [Wenzhou], ramp: 2}}"
    )
    [scenario] = _scenarios(moved).values()
    assert (scenario.levers["guidance_fund"].scope, scenario.levers["guidance_fund"].ramp) == (
        ("Wenzhou",),
        2,
    )


def test_parameters_and_conditions_reach_the_runs(sweep_of):
    sweep = sweep_of(
        "parameters: {drift: 0.05}\nscale: 0.02\nuntil: 2018\nfactors:\n  search_rate: {values: [0.3]}\n"
        "  gdp_growth: {values: [-2], start: 2017Q1, end: 2018Q4}"
    )
    [[job]] = sweep.parts
    assert job.spec.parameters == {"drift": 0.05, "search_rate": 0.3}
    assert job.spec.scenario.conditions["gdp_growth"].change == -2.0
    assert (job.spec.scale, job.spec.until, job.spec.central) == (0.02, 2018, False)
    [[central]] = sweep_of("central: true").parts
    assert central.spec.central


def test_runs_of_one_world_stand_together(sweep_of):
    """They share a history, and whoever computes a part wants to have it once."""
    sweep = sweep_of("seeds: 3\nfactors: {guidance_fund: {values: [1, 2]}, drift: {values: [0.04, 0.05]}}")
    worlds = [(job.spec.seed, job.spec.parameters["drift"]) for part in sweep.parts for job in part]
    changes = sum(a != b for a, b in itertools.pairwise(worlds))
    assert changes == len(set(worlds)) - 1


def test_parts_do_not_grow_with_what_is_kept(sweep_of):
    base = "seeds: 2000\nscale: 1.0\n"
    small = sweep_of(base + "outputs: {indicators: [rd_intensity]}")
    large = sweep_of(base + "outputs: {agents: {firms: {columns: [rd], years: [2018]}}}")
    assert {len(part) for part in small.parts} == {16}
    assert {len(part) for part in large.parts} == {1}


def test_identity_follows_what_the_results_depend_on(sweep_of):
    base = "factors: {guidance_fund: {values: [1, 2]}}\n"
    kept = sweep_of(base).identity
    assert sweep_of(base + "description: other words\n", name="b").identity == kept
    for more in (
        "seeds: 2",
        "scale: 0.5",
        "outputs: {indicators: [rd_intensity]}",
        "parameters: {drift: 0.05}",
    ):
        assert sweep_of(base + more).identity != kept


def test_the_schema_is_plain_json():
    assert json.loads(schema_text())["title"] == "Description"


def test_rows_of_a_description_need_no_file(sweep_of):
    sweep = sweep_of("factors: {guidance_fund: {values: [1, 2]}}")
    assert [row["guidance_fund"] for row in rows(sweep.description, Path("nowhere"))] == [1.0, 2.0]
