"""The command line: documents, streams, exit codes, and what happens when something is wrong."""

import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from simulation import cli, cli_run, model
from simulation.data import data_dir
from simulation.figure import save, trajectories
from simulation.indicators import INDICATORS, TARGETS
from simulation.invariants import InvariantError
from simulation.report import document, number, table
from simulation.schedule import PHASES

COMMAND = [sys.executable, "-m", "simulation.cli"]
QUICK = ["--scale", "0.01", "--seeds", "2", "--until", "2015", "--processes", "1"]
QUANTILES = ("q05", "q25", "median", "q75", "q95")


@pytest.fixture
def made_up_runs(made_up, monkeypatch):
    """Let the commands skip the simulation and work with made-up numbers."""

    def simulate(experiment, processes, quiet):
        return made_up(len(experiment.runs), experiment.scenario, min(_seeds(experiment)), experiment.until)

    monkeypatch.setattr(cli_run, "_simulate", simulate)


def _seeds(experiment):
    return [spec.seed for spec in experiment.runs.values()]


# --- What it prints -------------------------------------------------------------------------------------


def test_help_and_version_do_not_load_the_model():
    for option in ("--help", "--version"):
        command = [sys.executable, "-X", "importtime", "-m", "simulation.cli", option]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        loaded = set(re.findall(r"\|\s+([\w.]+)$", done.stderr, re.MULTILINE))
        assert "typer" in loaded
        assert loaded.isdisjoint({"numpy", "numba", "mesa", "scipy", "matplotlib", "pyarrow", "pydantic"})
    assert done.stdout.startswith("yongwen ")


def test_help_tells_the_exit_codes_and_every_command(yongwen):
    code, out, _ = yongwen("--help")
    assert code == 0
    assert "130 interrupted" in " ".join(out.split())
    for command in ("run", "rerun", "plan", "indicators", "data"):
        assert f" {command} " in out
        assert yongwen(command, "--help")[0] == 0


def test_run_prints_one_document_with_every_target(yongwen):
    code, out, _ = yongwen("run", "baseline", *QUICK, "--json")
    assert code == 0
    got = json.loads(out)
    about = ["scenario", "seeds", "scale", "elapsed_s", "run_ids"]
    assert list(got) == [*about, "targets", "indicators", "central", "variance"]
    assert (got["scenario"], got["seeds"], got["scale"]) == ("baseline", [1, 2], 0.01)
    assert {row["id"] for row in got["targets"]} == {target.id for target in TARGETS}


def test_the_document_has_ordered_bands_and_verdicts(made_up):
    got = json.loads(json.dumps(document(made_up(seeds=9)), allow_nan=False))
    assert len(got["targets"]) == sum(len(target.regions) for target in TARGETS)
    assert {row["id"] for row in got["indicators"]} == set(INDICATORS)
    for row in got["targets"] + got["indicators"]:
        assert list(row) == ["id", "scope", "unit", "target", "probability", "gap", "years", "variance"]
        assert list(row["years"]) == [str(year) for year in range(2015, 2023)]
        for year in row["years"].values():
            band = [year[name] for name in QUANTILES]
            assert band == sorted(band)
    for target in TARGETS:
        joint = next(
            row for row in got["targets"] if (row["id"], row["scope"]) == (target.id, target.regions[0])
        )
        assert joint["target"] == target.value
        assert 0 <= joint["probability"] <= 1
        assert joint["gap"] == pytest.approx(joint["years"]["2022"]["median"] - target.value)


def test_totals_bind_all_members_together_and_ratios_each(made_up):
    rows = {(row["id"], row["scope"]): row for row in document(made_up())["targets"]}
    assert rows["city_rd_intensity", "Ningbo"]["target"] == 3
    assert rows["tech_smes", "Ningbo+Wenzhou"]["target"] == 30_000
    assert rows["tech_smes", "Ningbo"]["target"] is rows["tech_smes", "Ningbo"]["probability"] is None


def test_published_values_stand_beside_the_medians(made_up):
    rows = {(row["id"], row["scope"]): row for row in document(made_up())["targets"]}
    shown = rows["city_rd_intensity", "Ningbo"]["years"]["2018"]["observed"]
    assert 2 < shown < 3.5


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_table_fits_the_screen_and_names_every_target(made_up, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(made_up(), width))
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    flat = re.sub(r"\W+", "", text)
    for target in TARGETS:
        assert re.sub(r"\W+", "", INDICATORS[target.indicator].name_en.split()[0]) in flat
    assert ("50 % band" in text) == (width >= 110)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (2.345, "2.35"),
        (-0.5, "-0.50"),
        (23.46, "23.5"),
        (987.6, "988"),
        (30_000, "30,000"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_figures_are_drawn_without_pyplot_and_the_same_each_time(made_up, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # scenario discovery loads it
    ensemble = made_up()
    for name in ("a.svg", "b.svg", "a.png"):
        figure = trajectories(ensemble)
        assert isinstance(figure, Figure)
        save(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"<text" not in (tmp_path / "a.svg").read_bytes()  # letters are shapes: no font is needed
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules
    shown = [ax for ax in figure.axes if ax.axison]
    assert len(shown) == len(TARGETS)
    texts = {text.get_text() for ax in shown for text in ax.texts}
    assert {"target 30,000", "target 3", "both", "Ningbo", "Wenzhou"} <= texts


@pytest.mark.usefixtures("made_up_runs")
def test_run_writes_tables_figures_and_manifest(yongwen, tmp_path):
    out = tmp_path / "results"
    code, text, err = yongwen("run", "--seeds", "3", "--out", out)
    assert code == 0
    assert "both zones" in text
    assert str(out) in err
    names = {path.name for path in out.iterdir()}
    assert names == {"manifest.json", "runs.parquet", "summary.csv", "targets.png", "targets.svg"}
    assert yongwen("run", "--seeds", "3", "--out", out, "--quiet")[::2] == (0, "")
    code, text, err = yongwen("run", "--seeds", "4", "--out", out)
    assert (code, text) == (2, "")
    assert "another experiment" in err
    assert yongwen("run", "--seeds", "4", "--out", out, "--force")[0] == 0


def test_rerun_gives_the_same_bits_by_name_and_by_results(yongwen, tmp_path):
    assert yongwen("run", *QUICK, "--out", tmp_path / "results")[0] == 0
    runs = json.loads((tmp_path / "results" / "manifest.json").read_text())["runs"]
    name, digest = runs[1]["run_id"], runs[1]["digest"]
    code, out, _ = yongwen("rerun", name, "--json")
    assert code == 0
    assert json.loads(out)["digest"] == digest
    code, out, _ = yongwen("rerun", name, "--from", tmp_path / "results")
    assert code == 0
    assert "the same, bit for bit" in out


def test_rerun_of_a_scenario_file_needs_its_results(yongwen, tmp_path):
    file = tmp_path / "mine.yaml"
    text = {"en": "Mine", "zh": "我的"}
    file.write_text(json.dumps({"name": "mine", "title": text, "description": text, "extends": "baseline"}))
    code, _, err = yongwen("run", file, *QUICK, "--out", tmp_path / "results")
    assert code == 0, err
    file.unlink()
    name = json.loads((tmp_path / "results" / "manifest.json").read_text())["runs"][0]["run_id"]
    assert name.startswith("mine-1-0.01-2015-")
    code, _, err = yongwen("rerun", name)
    assert code == 2
    assert "--from" in err
    assert yongwen("rerun", name, "--from", tmp_path / "results")[0] == 0


@pytest.mark.usefixtures("made_up_runs")
def test_rerun_refuses_what_would_not_be_the_same(yongwen, tmp_path):
    out = tmp_path / "results"
    yongwen("run", "--seeds", "2", "--out", out)
    manifest = json.loads((out / "manifest.json").read_text())
    name = manifest["runs"][0]["run_id"]
    code, _, err = yongwen("rerun", name[:-1] + ("0" if name[-1] != "0" else "1"))
    assert code == 2
    assert name in err  # what it would be called today
    manifest["fingerprint"]["data"] = "other"
    (out / "manifest.json").write_text(json.dumps(manifest))
    code, _, err = yongwen("rerun", name, "--from", out)
    assert code == 2
    assert "the data changed" in err
    manifest["fingerprint"].pop("code")
    (out / "manifest.json").write_text(json.dumps(manifest))
    assert yongwen("rerun", name, "--from", out)[0] == 2


@pytest.mark.usefixtures("made_up_runs")
def test_rerun_says_when_the_bits_differ(yongwen, tmp_path):
    out = tmp_path / "results"
    yongwen("run", "--seeds", "2", "--out", out)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["runs"][0]["digest"] = "0" * 64
    (out / "manifest.json").write_text(json.dumps(manifest))
    code, _, err = yongwen("rerun", manifest["runs"][0]["run_id"], "--from", out)
    assert code == 1
    assert "other values" in err


def test_indicators_lists_the_registry(yongwen):
    code, out, _ = yongwen("indicators", "--json")
    assert code == 0
    listed = json.loads(out)["indicators"]
    assert [entry["id"] for entry in listed] == list(INDICATORS)
    assert all(entry["unit"] and entry["definition"] and entry["name_zh"] for entry in listed)
    assert "High-tech enterprises" in yongwen("indicators")[1]


def test_data_lists_observations_with_what_they_rest_on(yongwen):
    code, out, _ = yongwen("data", "Ningbo", "--indicator", "gdp", "--json")
    assert code == 0
    rows = json.loads(out)["observations"]
    assert {(row["region"], row["indicator"]) for row in rows} == {("Ningbo", "gdp")}
    assert all(row["provenance"] and row["source"] and row["year"] <= 2019 for row in rows)
    assert "assumption" in yongwen("data", "Wenzhou")[1]


def test_plan_times_every_phase(yongwen):
    code, out, _ = yongwen("plan", "--scale", "0.01", "--json")
    assert code == 0
    phases = json.loads(out)["phases"]
    assert [phase["phase"] for phase in phases] == [phase.name for phase in PHASES]
    assert all(phase["ms_per_quarter"] > 0 and phase["summary"] for phase in phases)


# --- What is wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["run", "baselin"], "baseline"),
        (["run", "no_such_file.yaml"], "no_such_file.yaml"),
        (["run", "--seeds", "0"], "from 1 to"),
        (["run", "--seeds", "many"], "--seeds"),
        (["run", "--first-seed", "-1"], "from 0 to"),
        (["run", "--first-seed", "x"], "--first-seed"),
        (["run", "--scale", "-1"], "from 0.001 to 1"),
        (["run", "--scale", "nan"], "from 0.001 to 1"),
        (["run", "--until", "1999"], "from 2015 to"),
        (["run", "--processes", "0"], "from 1 to"),
        (["run", "--nonsense"], "--nonsense"),
        (["run", "--out", "/dev/null"], "is a file"),
        (["run", "--out", "/dev/null/results"], "part of the path is a file"),
        (["walk"], "walk"),
        (["rerun", "yesterday"], "not the name of a run"),
        (["rerun", "elsewhere-1-1-2022-0123456789"], "not in the catalogue"),
        (["data", "Ningbp"], "Ningbo"),
        (["data", "--indicator", "gdpp"], "gdp"),
        (["plan", "--scale", "7"], "from 0.001 to 1"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(yongwen, words, reason):
    code, out, err = yongwen(*words)
    assert code == 2
    assert out == ""
    assert err.startswith("yongwen: ")
    assert err.count("\n") == 1
    assert reason in err


def test_a_damaged_scenario_file_is_one_clear_line(yongwen, tmp_path):
    (tmp_path / "bad.yaml").write_text("levers: [")
    code, out, err = yongwen("run", tmp_path / "bad.yaml")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "bad.yaml" in err


def test_a_damaged_data_row_is_one_clear_line(tmp_path):
    shutil.copytree(data_dir(), tmp_path / "data")
    file = tmp_path / "data" / "starting_values.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(lines[5].split(",")[3], "many", 1)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    environment = {**os.environ, "YONGWEN_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [*COMMAND, "run", *QUICK], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "starting_values.csv" in done.stderr
    assert "line 6" in done.stderr


@pytest.mark.usefixtures("made_up_runs")
def test_a_full_disk_is_one_clear_line(yongwen, tmp_path, monkeypatch):
    def fail(figure, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli_run, "save", fail)
    code, out, err = yongwen("run", "--seeds", "2", "--out", tmp_path / "results")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no space is left" in err
    assert list(tmp_path.iterdir()) == []


def test_a_broken_invariant_has_its_own_exit_code(yongwen, monkeypatch):
    def broken(model):
        raise InvariantError("2016 Q2: money is not conserved")

    monkeypatch.setattr(model, "check_invariants", broken)
    code, out, err = yongwen("run", *QUICK, "--check")
    assert (code, out, err) == (3, "", "yongwen: 2016 Q2: money is not conserved\n")


def test_an_internal_error_is_one_line_unless_debugged(yongwen, monkeypatch):
    def simulate(experiment, processes, quiet):
        raise RuntimeError("a defect")

    monkeypatch.setattr(cli_run, "_simulate", simulate)
    code, out, err = yongwen("run")
    assert (code, out) == (1, "")
    assert "RuntimeError: a defect" in err
    assert "--debug" in err
    assert "Traceback" not in err
    with pytest.raises(RuntimeError):
        cli.main(["run", "--debug"])


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are needed")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_stops_cleanly(tmp_path, processes):
    words = [
        "--scale",
        "0.05",
        "--seeds",
        "5000",
        "--processes",
        processes,
        "--out",
        str(tmp_path / "results"),
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    ready = "from simulation import cli_run, experiment; print('ready', flush=True); "
    code = ready + "from simulation.cli import main; main()"
    command = [sys.executable, "-c", code, "run", *words]
    with subprocess.Popen(command, **pipes, start_new_session=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"  # imports take long on a busy machine
            time.sleep(6)  # until it simulates, on a busy machine too
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the command and all its workers
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert re.search(
        r"^yongwen: stopped: \d+ of 5000 runs had finished, nothing was written$", err, re.MULTILINE
    )
    assert list(tmp_path.iterdir()) == []
    assert _ends(process.pid)


def _ends(group):
    """Tell whether all processes of a group are gone within ten seconds."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_reader_that_leaves_early_is_no_error():
    line = f"{sys.executable} -m simulation.cli data | head -n 1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""
