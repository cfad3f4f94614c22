"""Results as Markdown tables."""

from outcomes import HERE, SIZES, VERSIONS, Results
from timing import Cell


def cell_text(cell: Cell) -> str:
    """Return what the table says of one size."""
    if cell.best_ns is not None and cell.median_ns is not None:
        return f"{figure(cell.best_ns)} ({figure(cell.median_ns)})"
    if cell.extrapolated_ns is not None:
        return f"*≈ {figure(cell.extrapolated_ns)}*"
    return {"memory": "memory", "size": ""}.get(cell.stopped, cell.stopped)


def figure(value: float) -> str:
    """Return a number with three digits at most that count, in thousands."""
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value / 10**digits) * 10**digits:,}".replace(",", " ")


def lines_of_code(files: tuple[str, ...]) -> str:
    """Return how many lines of files hold code: no blank lines, comments or docstrings."""
    total = 0
    for name in files:
        inside = False
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            text = line.strip()
            marks = text.count('"""')
            if marks or inside or not text or text.startswith("#"):
                inside = inside != (marks == 1)
                continue
            total += 1
    return str(total) if files else ""


def power(count: int) -> str:
    """Return a power of ten as text."""
    return "10" + str(len(str(count)) - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def time_table(results: Results) -> str:
    """Return nanoseconds a firm-quarter by version and number of firms: best year (median)."""
    sizes = [count for count in SIZES if any(c.count == count for row in results.cells.values() for c in row)]
    lines = [["firms", *map(power, sizes), "bytes a firm", "lines of code"]]
    files = {one.name: one.files for one in VERSIONS}
    for name, cells in results.cells.items():
        by_count = {cell.count: cell for cell in cells}
        largest = [cell for cell in cells if cell.best_ns is not None and cell.count >= 10**5]
        held = figure(largest[-1].bytes_a_firm) if largest else ""
        texts = [cell_text(by_count[count]) if count in by_count else "" for count in sizes]
        lines.append([name, *texts, held, lines_of_code(files[name])])
    rule = ["---", *["---:"] * (len(lines[0]) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]])


def machine_table(results: Results) -> str:
    """Return what the times depend on, and the bound by memory."""
    packages = ", ".join(f"{name} {number}" for name, number in sorted(results.versions.items()))
    rates = results.bandwidth
    rows = {
        **results.machine,
        "frameworks": packages,
        "triad, one core": f"{rates['triad']:.1f} GB/s (STREAM's count: 24 bytes an element)",
        "update in place, one core": f"{rates['update']:.1f} GB/s (a read and a write: 16 bytes an element)",
        "record of a firm": f"{results.record_bytes} bytes",
        "moved in a firm-quarter": f"{results.bytes_a_firm_quarter} bytes (two passes read and write it)",
        "a version stops": f"where a year would take {results.limit_s:.0f} s, or a process hold 5.5 GiB",
        "bound by memory": f"**{results.bound_ns:.0f} ns a firm-quarter**",
    }
    full = [c for c in results.cells.get("full model, this engine", []) if c.count == results.full_scale]
    if full and full[0].best_ns is not None:
        rows[f"full model, {figure(results.full_scale)} firms"] = f"{cell_text(full[0])} ns a firm-quarter"
    if results.missing:
        rows["not installed"] = ", ".join(results.missing)
    return "\n".join(["| what | here |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in rows.items())])
