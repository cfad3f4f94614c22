"""Results that come with the product, so that the first page needs no simulation.

``python -m dashboard.shipped`` makes them anew. They carry the fingerprint of the code, the data, the
parameters and the scenario that made them; where one of these has changed since, the app says so and
simulates again.
"""

import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.experiment import Ensemble, plan
from simulation.indicators import INDICATORS, REGIONS
from simulation.runs import Fingerprint, RunResult

FILE = Path(__file__).with_name("shipped.npz")
SCENARIOS = ("baseline", "full_plan")
SEEDS, SCALE = range(1, 21), 1.0


@dataclass(frozen=True, eq=False)
class Shipped:
    """One scenario's shipped results, and in which parts what they were made with differs from today's."""

    ensemble: Ensemble
    changed: tuple[str, ...]


def write(ensembles: tuple[Ensemble, ...], path: Path = FILE) -> None:
    """Write ensembles of scenarios of the catalogue."""
    first = ensembles[0]
    about = {
        "scenarios": [ensemble.experiment.scenario for ensemble in ensembles],
        "fingerprints": [asdict(ensemble.experiment.fingerprint) for ensemble in ensembles],
        "scale": first.experiment.scale,
        "seeds": first.seeds,
        "years": first.years,
        "indicators": first.indicators,
        "regions": first.regions,
    }
    values = np.stack([ensemble.values for ensemble in ensembles])
    flows = np.stack([_mean_flows(ensemble) for ensemble in ensembles])
    np.savez_compressed(path, about=np.array(json.dumps(about)), values=values, flows=flows)


def _mean_flows(ensemble: Ensemble) -> NDArray[np.float32]:
    """Return the mean of flows over draws: single draws of them would be as large as all indicators."""
    found = [result.flows for result in ensemble.results if result.flows is not None]
    mean: NDArray[np.float32] = np.stack(found).mean(axis=0)
    return mean


@cache
def read(path: Path = FILE) -> dict[str, Shipped]:
    """Return the shipped results by scenario; none if they measure other things than today's model."""
    if not path.is_file():
        return {}
    with np.load(path) as file:
        about, values = json.loads(str(file["about"])), file["values"]
        flows = file["flows"] if "flows" in file else [None] * len(values)
    years, indicators, regions = (tuple(about[name]) for name in ("years", "indicators", "regions"))
    if not set(indicators) <= set(INDICATORS) or regions != REGIONS:
        return {}
    found = {}
    kept = zip(about["scenarios"], about["fingerprints"], values, flows, strict=True)
    for scenario, recorded, runs, flow in kept:
        experiment = plan(scenario, about["seeds"], about["scale"], years[-1])
        results = tuple(
            RunResult(spec, name, run, years, indicators, regions, 0.0, flow)
            for (name, spec), run in zip(experiment.runs.items(), runs, strict=True)
        )
        changed = tuple(Fingerprint(**recorded).differences(experiment.fingerprint))
        found[scenario] = Shipped(Ensemble(experiment, results, 0.0), changed)
    return found


def main() -> None:
    """Make the shipped results anew."""
    ensembles = []
    for scenario in SCENARIOS:
        print(f"simulating {scenario}", file=sys.stderr)
        ensembles.append(plan(scenario, SEEDS, SCALE).run())
    write(tuple(ensembles))
    print(f"results are in {FILE}", file=sys.stderr)


if __name__ == "__main__":
    main()
