"""A comparison on disk: all runs, the table, figures, and a manifest that names every scenario's runs."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scenarios.comparison import Comparison
from simulation import store
from simulation.experiment import Experiment
from simulation.store import MANIFEST, RUNS, Attachment

TABLE = "comparison.csv"


def write(directory: Path, comparison: Comparison, attachments: Mapping[str, Attachment]) -> None:
    """Write a comparison with `attachments` by name, all of it or nothing.

    Raises
    ------
    StorageError
        The disk is full or the directory cannot be written; what was there before is still there.
    """
    with store.explained(directory), store.staged(directory) as stage:
        store.write_runs(stage / RUNS, comparison.together)
        _write_table(stage / TABLE, comparison)
        for ensemble in comparison.ensembles:
            if (text := ensemble.experiment.text) is not None:
                (stage / _file_name(ensemble.experiment)).write_text(text, encoding="utf-8")
        for name, save in attachments.items():
            save(stage / name)
        text = json.dumps(manifest(comparison), indent=1, ensure_ascii=False)
        (stage / MANIFEST).write_text(text + "\n", encoding="utf-8")


def manifest(comparison: Comparison) -> dict[str, Any]:
    """Return what is needed to trace and to repeat every number of a comparison."""
    common = store.manifest(comparison.together)
    for of_one in ("fingerprint", "scenario", "scenario_file"):
        del common[of_one]
    scenarios = {
        ensemble.experiment.name: {
            "file": None if ensemble.experiment.text is None else _file_name(ensemble.experiment),
            "fingerprint": asdict(ensemble.experiment.fingerprint),
            "run_ids": ensemble.run_ids,
        }
        for ensemble in comparison.ensembles
    }
    return {**common, "seeds": comparison.first.seeds, "scenarios": scenarios}


def _file_name(experiment: Experiment) -> str:
    return f"scenario_{experiment.name}.yaml"


def _write_table(path: Path, comparison: Comparison) -> None:
    document = comparison.document()
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = next(iter(document["targets"][0]["scenarios"].values()))
        writer = csv.writer(file)
        writer.writerow(["year", "target_id", "region", "unit", "target", "scenario", *columns])
        for row in document["targets"]:
            about = document["year"], row["id"], row["scope"], row["unit"], row["target"]
            for name, outcome in row["scenarios"].items():
                writer.writerow([*about, name, *outcome.values()])
