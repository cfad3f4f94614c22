"""A server of the app on loopback, for what needs a real one: tests, the load script, pictures."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboard.settings import PROCESSES, ROOMS, SCALE, SEEDS

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("YONGWEN_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
PATIENCE, SECONDS = 600.0, 180.0  # to start, and for what a page does; other work may share the cores
APP = ".yw-app:not(.yw-first)"
"""The app, not the first paint that it takes over from."""
LIVE = f"{APP} .yw-bar"
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    address: str
    pid: int


@contextmanager
def serving(scale: float = 1.0, seeds: int = 20, processes: int | None = None) -> Iterator[Server]:
    """Yield a server with rooms of its own, and end it.

    Parameters
    ----------
    scale, seeds, processes
        As `yongwen app` takes them.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["app", "--port", str(port), "--scale", str(scale), "--seeds", str(seeds)]
    words += ["--processes", str(processes)] if processes else []
    environment = {name: value for name, value in os.environ.items() if name not in {PROCESSES, SCALE, SEEDS}}
    with tempfile.TemporaryDirectory(prefix="yongwen-") as folder:
        environment[ROOMS] = str(Path(folder) / "rooms.sqlite")
        command = [sys.executable, "-m", "simulation.cli", *words]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                address = f"http://127.0.0.1:{port}"
                _wait(address, process)
                yield Server(address, process.pid)
            finally:
                process.terminate()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=5)
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"the server did not answer within {PATIENCE:.0f} s")
