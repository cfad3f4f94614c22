"""The command scales: do samples of firms agree with all of them?"""

from json import dumps
from pathlib import Path

from rich import box
from rich.table import Table

from calibration.scales import JOINT, SCALES, Difference, Row, Scales, compare_scales
from calibration.scales_figure import scales_figure
from simulation.cli_output import explained, output, print_json, ready_folder
from simulation.cli_progress import counting
from simulation.errors import InputError
from simulation.figure import save
from simulation.indicators import INDICATORS, TARGETS
from simulation.report import number, region_name

CAPTION = (
    "Difference to full scale, percent of its mean, and in brackets in standard errors of the paired "
    "difference; * where it is too large for chance (5 % over all comparisons). Spread: standard deviation "
    "over seeds, as a multiple of that at full scale."
)


def scales(
    scenario: str,
    seeds: int,
    first_seed: int,
    words: str | None,
    everything: bool,
    processes: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
) -> None:
    """Run a scenario at several scales under the same seeds, and print where they differ.

    A figure and the document go to `out`.
    """
    chosen = _numbers(words) if words else SCALES
    seed_range = range(first_seed, first_seed + max(0, seeds))
    if out is not None:
        ready_folder(out)
    with explained(), counting("scales", seeds * (len(chosen) + 1), quiet) as count:
        found = compare_scales(scenario, seed_range, chosen, processes, lambda _: count())
        if out is not None:
            _write(out, found)
    if json:
        print_json(found.document())
        return
    console = output()
    console.print(table(found, everything))
    console.print(verdict(found), highlight=False)


def _write(out: Path, found: Scales) -> None:
    for kind in ("png", "svg"):
        save(scales_figure(found), out / f"scales.{kind}")
    text = dumps(found.document(), ensure_ascii=False, allow_nan=False, indent=1)
    (out / "scales.json").write_text(text + "\n", encoding="utf-8")


def _numbers(words: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in words.split(","))
    except ValueError:
        raise InputError(f"scales takes numbers with commas, such as 0.1,0.25, not {words!r}") from None


def table(found: Scales, everything: bool = False) -> Table:
    """Return the targets, and what differs or everything, at each scale beside the full one."""
    targets = {(target.indicator, region) for target in TARGETS for region in target.regions}
    view = Table(
        title=f"{found.full.experiment.name}, {found.full.years[-1]}: {len(found.full.results)} seeds",
        caption=CAPTION,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    view.add_column("")
    view.add_column("full scale", justify="right")
    for ensemble in found.ensembles[:-1]:
        view.add_column(f"at {ensemble.experiment.scale:g}", justify="right", no_wrap=True)
        view.add_column("spread", justify="right")
    for row in found.rows:
        differs = not all(each.agrees for each in row.differences.values())
        if everything or differs or (row.indicator, row.region) in targets:
            name = f"{INDICATORS[row.indicator].name_en}, {region_name(row.region)}"
            cells = [cell for each in row.differences.values() for cell in _cells(each, row)]
            view.add_row(name, number(row.mean), *cells)
    return view


def _cells(each: Difference, row: Row) -> tuple[str, str]:
    share = f"{each.difference / row.mean:+.1%}" if row.mean else number(each.difference, signed=True)
    errors = f" ({each.z:+.1f})" if each.z is not None else ""
    spread = f"×{each.spread / row.spread:.1f}" if row.spread else ""
    return f"{'' if each.agrees else '* '}{share}{errors}", spread


def verdict(found: Scales) -> str:
    """Return in words what differs at each scale."""
    lines = []
    for ensemble in found.ensembles[:-1]:
        scale = ensemble.experiment.scale
        names = [
            row.indicator if row.region == JOINT else f"{row.indicator} of {region_name(row.region)}"
            for row in found.rows
            if not row.differences[scale].agrees
        ]
        listed = f": {', '.join(names)}" if names else ""
        lines.append(f"At scale {scale:g} {len(names)} of {len(found.rows)} differ{listed}.")
    return "\n".join(lines)
