"""Buttons that write a report on a scenario, and hand it to the browser when it is done."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import solara
import solara.lab

from dashboard.drafting import reference_of
from dashboard.parts.controls import DownloadButton
from dashboard.report.as_docx import docx
from dashboard.report.as_pdf import pdf
from dashboard.report.blocks import Report
from dashboard.report.content import Subject, compose
from dashboard.state import LEAST_FOR_BAND, Session, use_session
from scenarios.scenario import Scenario

FORMS: dict[str, tuple[Callable[[Report], bytes], str]] = {
    "pdf": (pdf, "application/pdf"),
    "docx": (docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


def subject_of(session: Session, scenario: Scenario) -> Subject | None:
    """Return what is known of a scenario and of its reference, None while that is too little."""
    reference = reference_of(scenario)
    if scenario.content_hash == reference.content_hash:
        projection = session.projection(scenario)
        if projection is None or projection.draws < LEAST_FOR_BAND:
            return None
        return Subject(scenario, reference, (projection.simulated,), None)
    comparison = session.comparison(reference, scenario)
    if comparison is None or len(comparison.first.results) < LEAST_FOR_BAND:
        return None
    return Subject(scenario, reference, comparison.ensembles[::-1], comparison)


@solara.component
def ReportButtons(scenario: Scenario) -> None:
    """Write a report in the visitor's language beside the page, which goes on meanwhile."""
    session = use_session()
    t = session.texts
    subject = subject_of(session, scenario)
    wish = solara.use_reactive(("", 0))
    made: solara.Reactive[dict[str, dict[str, Any]]] = solara.use_reactive({})

    def write() -> None:
        form, serial = wish.value
        if not form or subject is None:
            return
        make, kind = FORMS[form]
        content = make(compose(subject, t, datetime.now(UTC).date()))
        name = f"{scenario.name}-{t.language}.{form}"
        text = base64.b64encode(content).decode()
        payload = {"name": name, "text": text, "encoded": True, "type": kind, "serial": serial}
        made.set({**made.peek(), form: payload})
        wish.set(("", serial))

    task = solara.lab.use_task(write, dependencies=[wish.value, subject is None], raise_error=False)
    with solara.Div(classes=["yw-row"]):
        for form, label in (("pdf", t("Report (PDF)")), ("docx", t("Report (Word)"))):
            DownloadButton(
                label=label,
                payload=made.value.get(form),
                event_fetch=lambda _=None, form=form: wish.set((form, wish.value[1] + 1)),
            )
        if wish.value[0] and subject is None:
            solara.Text(t("The report needs some draws of the scenario first."), classes=["yw-note"])
        elif task.pending and wish.value[0]:
            solara.Text(t("The report is being written."), classes=["yw-note", "busy"])
        elif task.error:
            solara.Error(str(task.exception))
