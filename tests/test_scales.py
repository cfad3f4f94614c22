"""Scales: differences with known answers, the bound over many comparisons, and the command."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from calibration import scales
from calibration.scales import Scales, bound_of, compared, difference
from calibration.scales_figure import scales_figure
from simulation.cli import main
from simulation.cli_scales import verdict
from simulation.errors import InputError
from simulation.experiment import Ensemble
from simulation.figure import save
from simulation.indicators import TARGETS


def test_a_paired_difference_does_not_see_what_seeds_share() -> None:
    rng = np.random.default_rng(1)
    shared, noise = rng.normal(10.0, 5.0, 40), rng.normal(0.0, 0.1, 40)
    found = difference(shared + noise + 0.2, shared, 3.0)
    assert found.difference == pytest.approx(noise.mean() + 0.2)
    assert found.error == pytest.approx(noise.std(ddof=1) / np.sqrt(40))
    assert found.z == pytest.approx(found.difference / found.error)
    assert not found.agrees
    assert difference(shared + noise, shared, 3.0).agrees


def test_what_does_not_vary_agrees_only_if_it_is_the_same() -> None:
    ones = np.ones(5)
    assert difference(ones, ones, 3.0).agrees
    assert not difference(ones + 1.0, ones, 3.0).agrees
    assert difference(ones + 1.0, ones, 3.0).z is None


def test_the_bound_holds_over_all_comparisons() -> None:
    assert bound_of(1, 21) == pytest.approx(stats.t.ppf(0.975, 20))
    rng, tells = np.random.default_rng(2), []
    for _ in range(400):
        paired = rng.standard_normal((50, 10))
        t = paired.mean(axis=1) / (paired.std(axis=1, ddof=1) / np.sqrt(10))
        tells.append(np.abs(t).max() > bound_of(50, 10))
    assert np.mean(tells) == pytest.approx(0.05, abs=0.035)


@pytest.fixture
def made(made_up: Callable[..., Ensemble]) -> Scales:
    """Return made-up ensembles: the smaller scale is 5 % too low in one indicator, else the same."""
    full = made_up(seeds=8)
    column = full.indicators.index("tech_smes")
    results = []
    for result in full.results:
        values = result.values.copy()
        values[:, column] *= 0.95
        results.append(replace(result, values=values))
    small = replace(full.experiment, scale=0.1)
    return Scales((Ensemble(small, tuple(results), 0.0), full))


def test_what_differs_is_named(made: Scales) -> None:
    differing = {row.indicator for row in made.rows if not row.differences[0.1].agrees}
    assert differing == {"tech_smes"}
    assert {(target.indicator, target.regions[0]) for target in TARGETS} <= set(compared())
    assert "At scale 0.1 3 of" in verdict(made)
    document = json.loads(json.dumps(made.document(), allow_nan=False))
    assert document["differ"] == {"0.1": 3}
    assert document["compared"] == len(document["rows"])


def test_the_figure_rings_what_differs_and_is_the_same_file_each_time(made: Scales, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        save(scales_figure(made), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    [axes] = scales_figure(made).axes
    rings = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert len(rings) == 3
    assert len(axes.get_yticklabels()) == len(TARGETS) + 2  # the SMEs of both cities are a target already


def test_the_command_compares_scales_on_the_same_seeds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(scales, "FULL", 0.004)
    command = ["scales", "--seeds", "3", "--at", "0.003", "--processes", "1", "--quiet"]
    command += ["--out", str(tmp_path / "scales")]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["seeds"] == [1, 2, 3]
    assert found["compared"] > 40
    written = json.loads((tmp_path / "scales" / "scales.json").read_text(encoding="utf-8"))
    assert written == found
    assert (tmp_path / "scales" / "scales.png").stat().st_size > 10_000
    with pytest.raises(SystemExit, match="2"):
        main(["scales", "--at", "0.1,all"])
    assert "such as 0.1,0.25, not '0.1,all'" in capsys.readouterr().err


@pytest.mark.parametrize(("seeds", "chosen"), [([1, 2], [0.1]), ([1, 2, 3], [1.0]), ([1, 2, 3], [])])
def test_what_shows_no_error_is_refused(seeds: list[int], chosen: list[float]) -> None:
    with pytest.raises(InputError, match=r"seeds must be at least 3|scales must lie between"):
        scales.compare_scales("baseline", seeds, chosen)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_run(yongwen, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words in (["scales", "--seeds", "3"], ["calibrate", "status"], ["calibrate", "check"]):
        code, out, err = yongwen(*words, "--out", tmp_path / "file" / "results")
        assert (code, out) == (2, "")
        assert err.startswith(f"yongwen: {tmp_path / 'file' / 'results'} cannot be written: Not a directory")
        assert err.count("\n") == 1
