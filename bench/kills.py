"""Show that a sweep that is killed again and again ends with the same bytes as one that is left alone.

    python bench/kills.py [--points 1000] [--kills 5]

Runs a Latin hypercube of points at a tiny scale twice: once undisturbed, and once with its process group
killed (SIGKILL) at random moments and resumed each time.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXPERIMENT = """\
name: kills
seeds: 1
scale: 0.001
until: 2019
factors:
  guidance_fund: {{}}
  talent_inflow: {{}}
  drift: {{}}
design: {{kind: latin_hypercube, points: {points}}}
outputs: {{indicators: [rd_intensity, tech_smes, fiscal_cost]}}
"""


def start(file: Path, out: Path) -> "subprocess.Popen[str]":
    """Start a sweep, or let it go on, in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "simulation.cli",
        "sweep",
        str(file),
        "--out",
        str(out),
        "--resume",
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def finished(file: Path, out: Path) -> dict[str, object]:
    """Run a sweep to its end and return what it prints."""
    process = start(file, out)
    text, _ = process.communicate()
    if process.returncode:
        sys.exit(f"the sweep ended with exit code {process.returncode}")
    document: dict[str, object] = json.loads(text)
    return document


def main() -> None:
    """Compare the two."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--points", type=int, default=1000)
    options.add_argument("--kills", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    draws = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kills.yaml"
        file.write_text(EXPERIMENT.format(points=chosen.points), encoding="utf-8")
        begun = time.monotonic()
        whole = finished(file, Path(folder) / "whole")
        seconds = time.monotonic() - begun
        print(f"undisturbed: {whole['runs']} runs in {seconds:.0f} s, SHA-256 {whole['digest']}")
        for kill in range(1, chosen.kills + 1):
            process = start(file, Path(folder) / "killed")
            time.sleep(draws.uniform(0.2, 1.2) * seconds / (chosen.kills + 1))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            parts = list((Path(folder) / "killed" / "indicators").glob("0*.parquet"))
            print(f"kill {kill}: {len(parts)} of {whole['parts']} parts are there")
        last = finished(file, Path(folder) / "killed")
    print(f"resumed:     {last['computed']} runs in the last session, SHA-256 {last['digest']}")
    if last["digest"] != whole["digest"]:
        sys.exit("the bytes differ")
    print("the same bytes")


if __name__ == "__main__":
    main()
