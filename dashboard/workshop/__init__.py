"""Workshops: a facilitator opens a room, groups join it on their phones, guess, build and compare.

``rooms.py`` keeps rooms in SQLite, so that they outlive a restart of the server; ``scoring.py`` judges
guesses and ranks scenarios; ``views.py`` has what the page (``pages/workshop.py``) shows as data.
"""
