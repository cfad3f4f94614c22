"""Show that a sweep that is killed again and again ends with the same bytes as one that is left alone.

    python bench/kills.py [--points 1000] [--kills 5] [--folder DIR]

Runs a Latin hypercube of points at a tiny scale twice: once undisturbed, and once with its process group
killed (SIGKILL) at random moments and resumed each time. With a folder the undisturbed results are kept, and
only the killed sweep is run the next time.
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


def parts(out: Path) -> int:
    """Return how many parts are there."""
    return len(list((out / "indicators").glob("0*.parquet")))


def killed(file: Path, out: Path, after: int, delay: float) -> None:
    """Let a sweep go on until it has so many parts, and kill it a moment later."""
    process = start(file, out)
    while process.poll() is None and parts(out) < after:
        time.sleep(0.05)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def main() -> None:
    """Compare the two."""
    options = argparse.ArgumentParser(description="Kill a sweep again and again, and compare its bytes.")
    options.add_argument("--points", type=int, default=1000)
    options.add_argument("--kills", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="where the undisturbed results are kept")
    chosen = options.parse_args()
    draws = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        file, out = folder / "kills.yaml", Path(scratch) / "killed"
        file.write_text(EXPERIMENT.format(points=chosen.points), encoding="utf-8")
        whole = finished(file, folder / "whole")
        print(f"undisturbed: {whole['runs']} runs, SHA-256 {whole['digest']}", flush=True)
        total = parts(folder / "whole")
        for after in sorted(draws.sample(range(total), chosen.kills)):
            killed(file, out, after, draws.uniform(0.0, 1.0))
            print(f"killed with {parts(out)} of {total} parts", flush=True)
        last = finished(file, out)
    print(f"resumed: {last['computed']} runs in the last session, SHA-256 {last['digest']}")
    if last["digest"] != whole["digest"]:
        sys.exit("the bytes differ")
    print("the same bytes")


if __name__ == "__main__":
    main()
