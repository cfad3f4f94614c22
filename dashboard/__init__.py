"""The app: a policy laboratory in Chinese and English, started by ``yongwen app`` or ``solara run app.py``.

How a page is added
-------------------
1. Write ``pages/name.py`` with a component ``Page`` (a ``solara.component`` without arguments).
2. Add a row to ``PAGES`` in ``shell.py``: path, title, component. Navigation and routes follow from it.
3. Translate its texts in ``locale/zh/name.po``. `t("Text")` marks a text, `N_("Text")` one that is shown
   elsewhere; English is the message id. ``python -m dashboard.messages`` lists what has no translation yet.

What a page has
---------------
`use_session()` gives the visitor's `Session` (``state.py``):

* `session.texts`, by custom called `t`: texts, names of regions, indicators and levers, numbers with units;
* `session.draft`: assign a new `Scenario` to change it; history, simulation and every page follow;
* `session.compared`: scenarios that are looked at beside the draft;
* `session.projection(scenario)`: an `Ensemble` that grows draw by draw, None while there is none;
* `session.comparison(first, other, ...)`: a `Comparison` on the draws that all of them have.

Simulation happens in ``engine.py``, one for all visitors; a page never simulates in the server's process. For
runs of its own a page calls `engine().stream(client, runs)` inside `solara.lab.use_task`, with a client of
its own (`session.client + "/name"`), and drops that client when it is closed.

Charts are SVG texts from ``charts.py``; `looks` in ``views.py`` pairs scenarios with their colours. Tables
and controls with many parts are single Vue files in ``parts/``: `{{ }}` escapes what it inserts; `v-html` and
`unsafe_innerHTML` are for our own SVG and texts only, never for what a visitor sends.
"""
