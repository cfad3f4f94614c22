"""The command that writes a report on a scenario."""

from datetime import UTC, datetime
from pathlib import Path

from dashboard.drafting import reference_of
from dashboard.i18n import LANGUAGES, Texts
from dashboard.report.as_docx import docx
from dashboard.report.as_pdf import pdf
from dashboard.report.content import Subject, compose
from scenarios.comparison import plan_comparison
from scenarios.scenario import load_scenario
from simulation import store
from simulation.cli_output import explained, messages
from simulation.cli_progress import counting
from simulation.errors import InputError, unknown_name
from simulation.experiment import plan

FORMS = {".pdf": pdf, ".docx": docx}


def write(
    name: str,
    out: Path,
    language: str,
    seeds: int,
    first_seed: int,
    scale: float,
    processes: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Simulate a scenario and what it is measured against, and write the report."""
    form = FORMS.get(out.suffix.lower())
    if form is None:
        raise InputError(f"--out {out}: a report is a {' or a '.join(FORMS)} file")
    if language not in LANGUAGES:
        raise unknown_name("language", language, LANGUAGES)
    store.prepare_file(out, force)
    with explained():
        scenario = load_scenario(name)
        reference = reference_of(scenario)
        chances = range(first_seed, first_seed + seeds)
        if scenario.content_hash == reference.content_hash:
            alone = plan(scenario, chances, scale)
            with counting(scenario.name, len(alone.runs), quiet) as count:
                subject = Subject(scenario, reference, (alone.run(processes, lambda _: count()),), None)
        else:
            both = plan_comparison([reference, scenario], chances, scale)
            with counting(scenario.name, len(both.joint.runs), quiet) as count:
                found = both.run(processes, lambda _: count())
            subject = Subject(scenario, reference, found.ensembles[::-1], found)
        text = form(compose(subject, Texts(language), datetime.now(UTC).date()))
    store.write_file(out, text)
    if not quiet:
        messages().print(f"the report is in {out}")
