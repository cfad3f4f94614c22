"""The stylised facts are measured as they say."""

import math

import numpy as np
import pytest

from agents.records import FIRM
from calibration import facts
from calibration.facts import FACTS, Fact, History
from simulation.effects import load_effects

SCALE = 0.05


@pytest.fixture(scope="module")
def history() -> History:
    return facts.record(scale=SCALE)


def _made_up(hazard: list[float] | None = None, years: tuple[np.ndarray, ...] = ()) -> History:
    return History(None, np.array(hazard or [0.0]), years)  # type: ignore[arg-type]


def _firms(**fields: object) -> np.ndarray:
    firms = np.zeros(len(fields["id"]), dtype=FIRM)  # type: ignore[arg-type]
    for name, values in fields.items():
        firms[name] = values
    return firms


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_has_a_finite_value(fact: Fact, history: History) -> None:
    assert math.isfinite(fact.measure(history))


def test_names_differ() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS)


def test_exit_in_a_year_of_life_compounds_four_quarters() -> None:
    made_up = _made_up([0.9, 0.01, 0.02, 0.03, 0.04, 0.5, 0.5, 0.5, 0.5])
    survived = 0.99 * 0.98 * 0.97 * 0.96
    assert facts.exit_in_year(1, 1)(made_up) == pytest.approx(1 - survived)
    assert facts.exit_in_year(1, 2)(made_up) == pytest.approx(1 - math.sqrt(survived * 0.5**4))


def test_hazards_are_those_of_the_rules(history: History) -> None:
    p = history.model.p
    expected = 1.0 - (1.0 - p["exit_hazard_3"] / 4.0) ** 4
    assert facts.exit_in_year(3, 3)(history) == pytest.approx(expected, rel=0.15)
    assert facts.exit_in_year(1, 1)(history) < 0.5 * facts.exit_in_year(2, 2)(history)


def test_stay_and_start_follow_the_same_industrial_firms() -> None:
    old = _firms(id=[1, 2, 3, 4, 5], does_rd=[1, 1, 0, 0, 1], kind=[0, 0, 0, 0, 1])
    new = _firms(id=[4, 3, 1, 5, 9], does_rd=[1, 0, 1, 0, 1], kind=[0, 0, 0, 1, 0])  # 2 closed, 9 is new
    made_up = _made_up(years=(old, new))
    assert facts.does_rd_after(1)(made_up) == 1.0
    assert facts.does_rd_after(0)(made_up) == 0.5


@pytest.mark.parametrize(("law", "shape"), [("laplace", 1.0), ("normal", 2.0)])
def test_subbotin_shape_tells_laplace_from_normal(law: str, shape: float) -> None:
    sample = getattr(np.random.default_rng(3), law)(scale=0.3, size=100_000)
    assert facts.subbotin_shape(sample) == pytest.approx(shape, abs=0.05)


def test_size_volatility_and_tail_recover_what_was_put_in() -> None:
    rng = np.random.default_rng(4)
    revenue = (1.0 - rng.uniform(size=200_000)) ** (-1 / 1.2)
    growth = rng.laplace(size=revenue.size) * revenue**-0.2
    ids = np.arange(revenue.size)
    old = _firms(id=ids, revenue=revenue)
    new = _firms(id=ids, revenue=revenue * np.exp(growth))
    assert facts.size_volatility(_made_up(years=(old, new))) == pytest.approx(-0.2, abs=0.03)
    assert facts.tail_exponent("revenue")(_made_up(years=(old, old))) == pytest.approx(1.2, abs=0.06)


def test_tail_of_patents_leaves_out_firms_without() -> None:
    draws = np.random.default_rng(5).uniform(size=100_000)
    held = np.append(np.zeros(900_000), np.round(50 * (1.0 - draws) ** -0.5))
    firms = _firms(id=np.arange(held.size), patents=held)
    assert facts.tail_exponent("patents")(_made_up(years=(firms,))) == pytest.approx(2.0, abs=0.1)


def test_bunching_is_that_of_what_large_firms_report(history: History) -> None:
    real = tuple(np.copy(firms) for firms in history.years)
    for firms in real:
        firms["relabelled"] = 0.0
    without = facts.bunching_at_threshold(History(history.model, history.hazard, real))
    assert facts.bunching_at_threshold(history) > without + 0.5


def test_relabelled_share_counts_large_holders_only() -> None:
    firms = _firms(
        id=[1, 2, 3],
        certificate=[4, 4, 0],
        revenue=[10_000.0, 1_000.0, 10_000.0],
        rd=[60.0, 10.0, 10.0],
        relabelled=[0.4, 0.9, 0.9],
    )
    assert facts.relabelled(_made_up(years=(firms,))) == pytest.approx(0.4)
    assert facts.holders_revenue(_made_up(years=(firms,))) == pytest.approx(4 * 5_500 / 1e4)


def test_links_within_provinces_are_denser(history: History) -> None:
    assert facts.within_provinces(per_firm=True)(history) > 2.0


def test_a_fact_outside_its_band_is_said_to_miss() -> None:
    fact = next(fact for fact in FACTS if fact.holds(0.5) is not None)
    assert fact.holds(fact.low) is True
    assert fact.holds(fact.high + 1e-9) is False
    assert facts.cells(fact, fact.high + 1)[4] == "no"
    unbounded = next(fact for fact in FACTS if fact.holds(0.5) is None)
    assert facts.cells(unbounded, 1.0)[3:5] == ("", "no band")


def test_fitted_rd_trends_make_more_industrial_firms_start_rd(history: History) -> None:
    """The reason that the page on limits gives for two misses."""
    still = {key: 0.0 if key[1] == "rd_trend" else value for key, value in load_effects().items()}
    without = facts.record(scale=SCALE, effects=still)
    assert facts.does_rd_after(0)(without) < 0.9 * facts.does_rd_after(0)(history)
    assert facts.rd_participation(without) < 0.95 * facts.rd_participation(history)


def test_the_command_prints_every_fact(
    history: History, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(facts, "record", lambda: history)
    monkeypatch.setenv("COLUMNS", "300")
    facts.main()
    printed = capsys.readouterr().out
    assert all(fact.name in printed for fact in FACTS)
