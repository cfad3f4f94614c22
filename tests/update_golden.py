"""Write down outcomes anew: run `python tests/update_golden.py` after a change of rules, data or parameters.

`golden.yaml` holds a few dozen figures of two small runs for people to read, and a digest of all figures.
The figures hold anywhere. The bits are those of one environment, named in the file: mathematical functions of
other library versions or processors may round the last digit differently.
"""

import platform
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import scipy
from ruamel.yaml import YAML

from simulation.runs import RunResult, RunSpec, run_one

GOLDEN = Path(__file__).with_name("golden.yaml")
RUNS = (
    RunSpec("baseline", seed=1, scale=0.05, central=True),
    RunSpec("guidance_funds", seed=2, scale=0.05, central=True),
)
INDICATORS = ("rd_intensity", "high_tech_enterprises", "tech_smes", "valid_invention_patents_per_10k",
              "technology_contract_turnover", "innovation_capital")  # fmt: skip
REGIONS = ("Ningbo", "Wenzhou", "Hangzhou", "YRD")
YEARS = (2015, 2018, 2022)


def environment() -> dict[str, str]:
    """Return what the last digit of a mathematical function may depend on; Python is not among it."""
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": llvmlite.binding.get_host_cpu_name(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "scipy": scipy.__version__,
    }


def compute() -> dict[str, Any]:
    """Return the figures and digests of today's code."""
    runs = []
    for spec in RUNS:
        result = run_one(spec)
        values = {
            indicator: {region: figures(result, indicator, region) for region in REGIONS}
            for indicator in INDICATORS
        }
        about = {"scenario": spec.scenario, "seed": spec.seed, "scale": spec.scale}
        runs.append({**about, "digest": result.digest, "values": values})
    return {"environment": environment(), "runs": runs}


def figures(result: RunResult, indicator: str, region: str) -> dict[int, float]:
    """Return an indicator of a region by year, to twelve digits."""
    path = result.values[:, result.indicators.index(indicator), result.regions.index(region)]
    return {year: float(f"{path[result.years.index(year)]:.12g}") for year in YEARS}


def text_of(golden: dict[str, Any]) -> str:
    """Return the text of the file: a line a region."""
    lines = ["# Written by tests/update_golden.py; do not edit by hand.", "environment:"]
    lines += [f"  {name}: {text!r}" for name, text in golden["environment"].items()]
    lines.append("runs:")
    for run in golden["runs"]:
        lines += [f"- scenario: {run['scenario']}", f"  seed: {run['seed']}", f"  scale: {run['scale']}"]
        lines += [f"  digest: {run['digest']}", "  values:"]
        for indicator, regions in run["values"].items():
            lines.append(f"    {indicator}:")
            for region, years in regions.items():
                path = ", ".join(f"{year}: {value!r}" for year, value in years.items())
                lines.append(f"      {region}: {{{path}}}")
    return "\n".join(lines) + "\n"


def largest_change(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Say which figure has changed most."""
    changes = []
    for before, after in zip(old["runs"], new["runs"], strict=False):
        for indicator, regions in after["values"].items():
            for region, years in regions.items():
                for year, value in years.items():
                    known = before["values"].get(indicator, {}).get(region, {}).get(year)
                    if known:
                        changes.append((abs(value / known - 1.0), f"{indicator} of {region} in {year}"))
    size, where = max(changes, default=(0.0, "no figure in both"))
    return f"largest change: {size:.3%} ({where})"


if __name__ == "__main__":
    today = compute()
    if GOLDEN.exists():
        print(largest_change(YAML(typ="safe").load(GOLDEN.read_text(encoding="utf-8")), today))
    GOLDEN.write_text(text_of(today), encoding="utf-8")
    print(f"wrote {GOLDEN}")
