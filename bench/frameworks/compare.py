"""Time the reference model in this engine and in other frameworks, and print it as a Markdown table.

    python bench/frameworks/compare.py [--largest 1e7] [--only NAME ...] [--out results.json] [--docs]

`--docs` writes the tables of docs/benchmarks.md and its figure; `--from results.json` takes what an earlier
run has kept. Frameworks that are not installed are named and left out; docs/benchmarks.md says how to get
them.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import page
from outcomes import SIZES, VERSIONS, run, saved
from tables import machine_table, time_table


def main() -> None:
    """Measure or read, and print."""
    options = argparse.ArgumentParser(description="Compare frameworks on one model.")
    options.add_argument("--largest", type=float, default=1e7, help="largest number of firms (1e3 to 1e7)")
    options.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names or modules of versions")
    options.add_argument("--seconds", type=float, default=3.0, help="least time spent on a size")
    options.add_argument(
        "--limit", type=float, default=60.0, help="most seconds that a simulated year may take"
    )
    options.add_argument("--out", type=Path, help="keep what was measured in this JSON file")
    options.add_argument("--from", dest="source", type=Path, help="show what was kept instead of measuring")
    options.add_argument("--docs", action="store_true", help="write docs/benchmarks.md and its figure")
    chosen = options.parse_args()
    known = {name for one in VERSIONS for name in (one.name, one.module)}
    if unknown := [name for name in chosen.only if name not in known]:
        options.error(f"--only {unknown[0]!r}: the versions are {', '.join(one.module for one in VERSIONS)}")
    sizes = tuple(count for count in SIZES if count <= chosen.largest)
    if not sizes:
        options.error(f"--largest {chosen.largest:g}: the smallest population has 1000 firms")
    results = saved(chosen.source) if chosen.source else run(sizes, chosen.only, chosen.seconds, chosen.limit)
    if chosen.out:
        chosen.out.write_text(json.dumps(asdict(results), indent=1), encoding="utf-8")
    print("Nanoseconds of processor time a firm-quarter: best year (median year)\n")
    print(time_table(results), machine_table(results), sep="\n\n")
    if chosen.docs:
        page.write(results)


if __name__ == "__main__":
    main()
