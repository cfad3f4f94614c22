"""An analysis on disk: document, table, figures and a manifest, beside the ledger of its runs."""

import csv
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scenarios.scenario import Scenario
from scenarios.writing import scenario_text
from simulation import store
from simulation.runs import fingerprint
from simulation.store import MANIFEST, Attachment


@dataclass(frozen=True)
class Analysis:
    """What is written of an analysis.

    Attributes
    ----------
    name
        Stem of the files.
    identity
        Hash of what was asked.
    scenarios
        What was compared; those that are in no catalogue can be repeated from their text.
    table
        Header and rows of the table.
    central
        No parameter was drawn from the posterior.
    """

    name: str
    identity: str
    scenarios: Sequence[Scenario]
    document: Mapping[str, Any]
    table: Iterable[Sequence[Any]]
    central: bool = False


def write(directory: Path, analysis: Analysis, attachments: Mapping[str, Attachment] | None = None) -> None:
    """Write an analysis with `attachments` by name, all of it or nothing.

    Raises
    ------
    StorageError
        The disk is full or the directory cannot be written; what was there before is still there.
    """
    with store.explained(directory), store.staged(directory) as stage:
        with (stage / f"{analysis.name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(analysis.table)
        for name, content in ((f"{analysis.name}.json", analysis.document), (MANIFEST, manifest(analysis))):
            text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
            (stage / name).write_text(text + "\n", encoding="utf-8")
        for name, save in (attachments or {}).items():
            save(stage / name)


def manifest(analysis: Analysis) -> dict[str, Any]:
    """Return what is needed to trace and to repeat every number of an analysis."""
    asked = ("scale", "year", "seeds", "runs")
    return {
        "yongwen": version("yongwen"),
        "code": store.code_version(),
        "experiment": analysis.identity,
        "analysis": analysis.name,
        "scenarios": [
            {**asdict(fingerprint(each, analysis.central)), "text": scenario_text(each)}
            for each in analysis.scenarios
        ],
        **{name: analysis.document[name] for name in asked},
        "python": platform.python_version(),
        "packages": {name: version(name) for name in store.PACKAGES},
        "machine": {"platform": platform.platform(), "cpus": os.cpu_count()},
    }
