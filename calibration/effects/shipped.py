"""The results that ship with the model: what the laboratory found, and how the table was made."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.parameters import parameters_hash
from calibration.effects.study import HELD_OUT, Estimate, Result
from calibration.facts import Fact
from simulation.data import data_hash
from simulation.runs import code_hash

RESULTS = Path(__file__).with_name("results.json")
Measured = Sequence[tuple[Fact, float]]


def document(results: Sequence[Result], facts: Measured, made: dict[str, Any]) -> dict[str, Any]:
    """Return results as one JSON document; only what is held out counts as passed."""
    studies = [study_row(result) for result in results]
    held_out = [row for row in studies if row["role"] == HELD_OUT]
    return {
        "made": made,
        "studies": studies,
        "passed": sum(row["passed"] for row in held_out),
        "of": len(held_out),
        "facts": [fact_row(fact, value) for fact, value in facts],
    }


def provenance(seeds: Sequence[int], scale: float, command: str) -> dict[str, Any]:
    """Return what results rest on: code, data, parameters, seeds, scale, and the command."""
    return {
        "code": code_hash(),
        "data": data_hash(),
        "parameters": parameters_hash(),
        "seeds": list(seeds),
        "scale": scale,
        "made": datetime.now(UTC).date().isoformat(),
        "command": command,
    }


def study_row(result: Result) -> dict[str, Any]:
    """Return a study and its result as plain values."""
    study, (estimate, se) = result.study, result.counted
    return {
        "id": study.id,
        "lever": study.lever,
        "design": study.design,
        "quantity": study.quantity,
        "estimate": estimate,
        "se": se,
        "low": _finite(study.low),
        "high": _finite(study.high),
        "published": study.published,
        "role": study.role,
        "passed": result.passed,
        "counted": study.counted,
        "one_world": _pair(result.one_world),
        "paired": _pair(result.paired),
        "parameter": study.parameter,
        "source": study.source,
        "note": study.note,
    }


def fact_row(fact: Fact, value: float) -> dict[str, Any]:
    """Return a stylised fact and its value as plain values."""
    return {
        "id": fact.name,
        "estimate": value,
        "low": _finite(fact.low),
        "high": _finite(fact.high),
        "published": fact.published,
        "role": "fitted" if fact.used else HELD_OUT,
        "passed": fact.holds(value),
        "source": fact.source,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pair(estimate: Estimate | None) -> dict[str, float] | None:
    return {"estimate": estimate[0], "se": estimate[1]} if estimate else None


def load_results(path: Path = RESULTS) -> dict[str, Any]:
    """Return the shipped results."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def save_results(content: dict[str, Any], path: Path = RESULTS) -> None:
    """Write results, rounded to what they can tell, so that a line changes only if something did."""
    text = json.dumps(_rounded(content), ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value


def stale_parts(content: dict[str, Any]) -> list[str]:
    """Name what has changed since results were made."""
    now = {"code": code_hash(), "data": data_hash(), "parameters": parameters_hash()}
    words = {"code": "the model's code", "data": "the data", "parameters": "the parameter table"}
    return [words[part] for part, value in now.items() if content["made"].get(part) != value]


HEADER = ("study", "published", "band", "model", "other way", "role", "passed")


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a study's row of the table, as text."""
    other = row["paired"] if row["counted"] == "one world" else row["one_world"]
    return (
        row["id"],
        row["published"],
        band(row),
        effect(row["estimate"], row["se"]),
        effect(other["estimate"], other["se"]) if other else "",
        row["role"],
        "yes" if row["passed"] else "no",
    )


def band(row: dict[str, Any]) -> str:
    """Return the band of a study or a fact, as text."""
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return "no band" if low is high else f"above {low:g}" if high is None else f"below {high:g}"
    return f"{low:g} to {high:g}"


def effect(estimate: float, se: float) -> str:
    """Return an estimate and its standard error, with the digits that it can tell."""
    digits = 2 if se <= 0.0 or not math.isfinite(se) else min(4, max(0, 1 - math.floor(math.log10(se))))
    return f"{estimate:.{digits}f} ± {se:.{digits}f}"
