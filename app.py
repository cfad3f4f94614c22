"""The entry point of the app: ``solara run app.py``, or ``yongwen app``."""

from dashboard.shell import routes

__all__ = ["routes"]
