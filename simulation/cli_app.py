"""The command that starts the app."""

import os
import socket
from pathlib import Path

import uvicorn

from dashboard import settings
from simulation.cli_output import messages
from simulation.errors import InputError

# For a request that starts a page; the rest of the settings stands in `dashboard.shell`.
_APP = Path(__file__).resolve().parent.parent / "app.py"
PATIENCE = (
    120.0  # seconds for a page's sign of life: thirty pages that are drawn at once keep the server busy
)
_SERVER = {"SOLARA_APP": str(_APP), "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false"}


def serve(host: str, port: int, scale: float, seeds: int, processes: int | None) -> None:
    """Serve the app until Ctrl-C."""
    os.environ.update({settings.SCALE: str(scale), settings.SEEDS: str(seeds)})
    if processes is not None:
        os.environ[settings.PROCESSES] = str(processes)
    settings.read_settings()
    _refuse_taken(host, port)
    os.environ.update(_SERVER)
    messages().print(f"open http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port} (Ctrl-C ends it)")
    uvicorn.run(
        "solara.server.starlette:app", host=host, port=port, log_level="warning", ws_ping_timeout=PATIENCE
    )


def _refuse_taken(host: str, port: int) -> None:
    """Say what is wrong with an address before anything heavy is loaded."""
    try:
        with socket.create_server((host, port)):
            pass
    except (OSError, OverflowError) as error:
        raise InputError(f"cannot listen on {host}:{port}: {error}; choose another --port") from error
