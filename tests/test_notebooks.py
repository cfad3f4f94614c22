"""The notebooks run from the first cell to the last, at a tiny scale."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TINY = {"SCALE": 0.003, "SEEDS": 2, "PROCESSES": 1, "YEAR": 2016, "UNTIL": 2019, "FACTS_SCALE": 0.02}


def _parameters(notebook):
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    notebook = nbformat.read(path, as_version=4)
    cell = _parameters(notebook)
    names = [line.split(" = ")[0] for line in cell.source.splitlines()]
    assert set(names) <= set(TINY), "a parameter that the tests do not make tiny"
    cell.source += "\n" + "\n".join(f"{name} = {TINY[name]}" for name in names)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": ROOT}}
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not any(output.get("name") == "stderr" for cell in code for output in cell.outputs)


def test_there_is_a_notebook_for_each_purpose():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_carry_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
