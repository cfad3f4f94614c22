"""Find the run that a name stands for, and refuse to repeat it when it cannot be the same."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scenarios.scenario import in_catalogue
from simulation.errors import InputError, StorageError
from simulation.runs import Fingerprint, RunSpec, fingerprint, run_id, spec_of
from simulation.store import read_manifest


@dataclass(frozen=True)
class Recorded:
    """A run to repeat; `digest` is the recorded hash of its values, None if only the name is known."""

    spec: RunSpec
    digest: str | None = None


def from_name(name: str) -> Recorded:
    """Return the run that a name stands for.

    Raises
    ------
    InputError
        The name alone is not enough, or the run would not be the same today.
    """
    spec = spec_of(name)
    if not isinstance(spec.scenario, str) or not in_catalogue(spec.scenario):
        raise InputError(
            f"scenario {spec.scenario!r} of {name} is not in the catalogue; if it was a file, name the "
            "directory of the results with --from"
        )
    for candidate in (spec, replace(spec, central=True)):
        if run_id(candidate) == name:
            return Recorded(candidate)
    raise InputError(
        f"{name} cannot be repeated: the same run is called {run_id(spec)} today. Either the code, the data, "
        "the parameter table, the posterior or the scenario has changed, or the run had a scenario file or "
        "parameters of its own; name the directory of its results with --from to learn which"
    )


def from_results(name: str, directory: Path) -> Recorded:
    """Return the run of that name among the results in a directory.

    Raises
    ------
    InputError
        There is no such run, or it would not be the same today; the message says what has changed.
    """
    manifest = read_manifest(directory)
    try:
        recorded_runs = (*manifest["runs"], *manifest.get("twins", ()))
        run = next((run for run in recorded_runs if run["run_id"] == name), None)
        if run is None:
            raise InputError(f"no run {name} in {directory}; it holds {_names(manifest)}")
        file = manifest["scenario_file"]
        scenario = str(directory / file) if file else manifest["scenario"]
        recorded = Fingerprint(**manifest["fingerprint"])
        numbers = run["seed"], manifest["scale"], manifest["until"], manifest["parameters"]
        spec = RunSpec(scenario, *numbers, central=not recorded.posterior)
        digest = run["digest"]
    except (KeyError, TypeError) as error:
        raise StorageError(f"the manifest in {directory} is damaged: {error}") from error
    changed = recorded.differences(fingerprint(scenario, spec.central))
    if changed:
        made_by = f"; it was made by version {manifest.get('code') or manifest['yongwen']}"
        raise InputError(f"{name} cannot be repeated: {' and '.join(changed)} changed since{made_by}")
    return Recorded(spec, digest)


def _names(manifest: dict[str, Any]) -> str:
    names = [run["run_id"] for run in manifest["runs"]]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
