"""What a target search found: as a document, as a table of all trials, and as scenario files of the mixes."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.analysis_store import Analysis
from scenarios.comparison import COST, COST_REGION, COST_YEARS
from scenarios.ledger import defined
from scenarios.mixes import INERT
from scenarios.scenario import Bilingual, Scenario
from scenarios.search import Trial
from scenarios.search_runs import Answer, Binding, Checked
from scenarios.writing import scenario_text
from simulation.experiment import TARGET_YEAR
from simulation.indicators import INDICATORS
from simulation.store import Attachment


def letters(answer: Answer) -> dict[str, Checked]:
    """Return the checked mixes by the letter that tables and figures call them, the cheapest first."""
    return {chr(ord("A") + k): one for k, one in enumerate(answer.checked)}


def scenario_of(answer: Answer, letter: str, one: Checked) -> Scenario:
    """Return a mix as a scenario that says how it was found."""
    request, low, high = answer.request, *one.interval
    chance, extra = one.check.probability, one.check.extra
    count = len(request.targets)
    title = Bilingual(
        en=f"Mix {letter}: {chance:.0%} for all {count} targets, {extra:,.0f} extra",
        zh=f"组合{letter}:{count}项目标同时达成概率{chance:.0%},新增财政支出{extra:,.0f}亿元",
    )
    fresh = request.fresh_seeds
    found = (
        f"Found by target search among {len(answer.search.trials)} mixes, each tried with {request.seeds} "
        f"paired seeds at scale {request.scale:g}.",
        f"Checked with {len(fresh)} seeds from {fresh.start} at scale {request.check_scale:g}: all {count} "
        f"targets met in {chance:.0%} of the runs (95 % interval {low:.0%} to {high:.0%}; "
        f"{one.trial.probability:.0%} in the search), for {extra:,.0f} (100m CNY) on top of the baseline, "
        f"{COST_YEARS[0]}-{COST_YEARS[-1]}.",
        f"Scopes, starts, ramps and institutions are those of the scenario {request.space.template.name}.",
    )
    beyond = [str(lever) for lever in answer.outside(one)]
    warning = (
        (f"Outside the region where levers were tested together: {'; '.join(beyond)}.",) if beyond else ()
    )
    return request.space.scenario(one.trial.values, title, (*found, *warning))


def mix_files(answer: Answer) -> dict[str, Attachment]:
    """Return the checked mixes as scenario files to write, by name."""
    texts = {
        f"mix_{letter}.yaml": scenario_text(scenario_of(answer, letter, one))
        for letter, one in letters(answer).items()
    }
    return {name: partial(Path.write_text, data=text, encoding="utf-8") for name, text in texts.items()}


def analysis(answer: Answer) -> Analysis:
    """Return what is written of a search: document and table."""
    scenarios = [answer.request.baseline]
    return Analysis("search", answer.request.identity, scenarios, document(answer), _table(answer))


def _table(answer: Answer) -> Iterator[list[Any]]:
    """Yield every mix that was tried, with its levers."""
    space = answer.request.space
    names = [*(lever.name for lever in space.free), *space.fixed]
    front = {trial.values for trial in answer.search.front}
    yield ["extra_cost", "probability", "shortfall", "on_front", *names]
    for trial in answer.search.trials:
        values = [*trial.values, *space.fixed.values()]
        yield [trial.extra, trial.probability, trial.shortfall, trial.values in front, *values]


def document(answer: Answer) -> dict[str, Any]:
    """Return the answer as one JSON document."""
    request, search = answer.request, answer.search
    cost_error, chance_error = answer.prediction_errors
    cheapest = answer.cheapest
    return {
        "found": cheapest is not None,
        "probability": request.probability,
        "budget": request.budget,
        "targets": [
            {"id": target.id, "scope": target.region, "unit": target.unit, "target": target.goal}
            for target in request.targets
        ],
        "cost": {"scope": COST_REGION, "unit": INDICATORS[COST].unit, "years": list(COST_YEARS)},
        "levers": [lever.name for lever in request.space.free],
        "fixed": dict(request.space.fixed),
        "evaluations": len(search.trials),
        "year": TARGET_YEAR,
        "seeds": list(request.trial_seeds),
        "runs": request.runs,
        "scale": request.scale,
        "check_seeds": list(request.fresh_seeds),
        "check_scale": request.check_scale,
        "baseline": _standing(answer, answer.base),
        "cheapest": next((name for name, one in letters(answer).items() if one is cheapest), None),
        "mixes": {name: _mix(answer, one) for name, one in letters(answer).items()},
        "binding": [_binding(one) for one in answer.binding] if cheapest is None else [],
        "at_bounds": request.space.at_bounds(answer.best.trial.values) if cheapest is None else [],
        "front": [
            {
                "levers": request.space.levers(trial.values),
                "extra_cost": trial.extra,
                "probability": trial.probability,
                "shortfall": trial.shortfall,
            }
            for trial in search.front
        ],
        "scale_bias": _bias(answer),
        "surrogate_error": {"extra_cost": defined(cost_error), "probability": defined(chance_error)},
    }


def _standing(answer: Answer, trial: Trial) -> dict[str, Any]:
    outcomes = zip(answer.request.targets, trial.samples[:, :-1].T, trial.each, strict=True)
    return {
        "cost": trial.cost,
        "extra_cost": trial.extra,
        "probability": trial.probability,
        "shortfall": trial.shortfall,
        "targets": {
            target.id: {"probability": float(each), "median": defined(float(np.median(values)))}
            for target, values, each in outcomes
        },
    }


def _mix(answer: Answer, one: Checked) -> dict[str, Any]:
    space = answer.request.space
    low, high = one.interval
    scenario = space.scenario(one.trial.values)
    return {
        "name": scenario.name,
        "levers": space.levers(one.trial.values),
        "check": {**_standing(answer, one.check), "low": low, "high": high},
        "search": _standing(answer, one.trial),
        "outside_tested": [
            {"lever": lever.lever.name, "value": lever.value, "low": lever.low, "high": lever.high}
            for lever in answer.outside(one)
        ],
    }


def _binding(one: Binding) -> dict[str, Any]:
    return {
        "id": one.target.id,
        "target": one.target.goal,
        "unit": one.target.unit,
        "probability": one.probability,
        "gap": defined(one.gap),
        "highest_probability_of_any_mix": one.most,
    }


def _bias(answer: Answer) -> dict[str, Any]:
    bias, names = answer.bias, [*(target.id for target in answer.request.targets), COST]
    columns: Iterator[tuple[str, float, float, float]] = zip(
        names, bias.effect.tolist(), bias.mean.tolist(), bias.error.tolist(), strict=True
    )
    return {
        name: {"effect_of_plan": defined(effect), "bias": defined(mean), "standard_error": defined(error)}
        for name, effect, mean, error in columns
    }


def strengths(answer: Answer) -> dict[str, list[float]]:
    """Return, by free lever that any checked mix moves, how far each mix moves it (a coordinate, -1 to 1)."""
    space = answer.request.space
    points = np.array([space.encode(one.trial.values) for one in answer.checked])
    rows = zip(space.free, points.T, strict=True)
    return {lever.name: row.tolist() for lever, row in rows if np.abs(row).max() >= INERT}
