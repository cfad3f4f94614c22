"""The entry point of the app: ``solara run app.py``, or ``yongwen app``. Only a server loads it."""

from dashboard.engine import engine
from dashboard.shell import routes
from dashboard.state import shipped_results

__all__ = ["routes"]

# Workers start and shipped results are read before the first visitor comes.
engine()
shipped_results()
