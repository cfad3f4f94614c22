"""Opening a sweep's results: SQL, data frames, labelled arrays, files for other programs."""

import json

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest
import xarray as xr

from simulation import extras
from simulation.errors import InputError
from simulation.indicators import INDICATORS
from simulation.sweeps import results as opening
from simulation.sweeps.executors import local
from simulation.sweeps.planning import load_sweep
from simulation.sweeps.results import Results
from simulation.sweeps.running import run_sweep

TEXT = """\
name: opened
scenarios: [baseline, ownership_pilot]
seeds: [3, 5]
scale: 0.002
until: 2016
factors:
  guidance_fund: {values: [0, 10]}
outputs:
  indicators: [rd_intensity, tech_smes, technology_contract_growth]
  regions: [Ningbo, Ningbo_HTZ]
  agents:
    firms: {columns: [revenue], years: [2016]}
  networks: {of: [firms], years: [2016]}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened")
    (folder / "opened.yaml").write_text(TEXT)
    run_sweep(load_sweep(folder / "opened.yaml"), folder / "it's here", local(1))
    return Results(folder / "it's here")


def test_sql_sees_values_with_their_points(results):
    found = results.query(
        "select scenario, guidance_fund, count(*) as n from results where indicator = 'tech_smes' "
        "group by all order by all"
    ).to_pylist()
    assert [(row["scenario"], row["guidance_fund"]) for row in found] == [
        ("baseline", 0.0), ("baseline", 10.0), ("ownership_pilot", 0.0), ("ownership_pilot", 10.0),
    ]  # fmt: skip
    assert {row["n"] for row in found} == {2 * 2 * 2}


def test_frames_and_arrays_hold_the_same_numbers(results):
    frame, columns, arrays = results.to_pandas(), results.to_polars(), results.to_xarray()
    assert isinstance(columns, pl.DataFrame)
    assert isinstance(arrays, xr.Dataset)
    assert frame.value.tolist() == columns["value"].to_list()
    assert arrays.sizes == {"point": 4, "seed": 2, "year": 2, "region": 2}
    for row in frame.itertuples():
        where = {"point": row.point, "seed": row.seed, "year": row.year, "region": row.region}
        assert float(arrays[row.indicator].sel(where)) == row.value
    defined = sum(int(arrays[name].notnull().sum()) for name in arrays.data_vars)
    assert defined == len(frame)


def test_arrays_know_points_and_units(results):
    arrays = results.to_xarray()
    assert arrays.scenario.values.tolist() == ["baseline"] * 2 + ["ownership_pilot"] * 2
    assert arrays.guidance_fund.values.tolist() == [0.0, 10.0, 0.0, 10.0]
    assert arrays.rd_intensity.attrs["units"] == INDICATORS["rd_intensity"].unit
    assert arrays.attrs["digest"] == results.manifest["digest"]


def test_ids_keep_all_their_digits(results):
    firms, partners = results.to_pandas("firms"), results.to_pandas("partners")
    assert str(partners.partner.dtype) == "UInt64"
    assert set(partners.partner.dropna()) <= set(firms.id)


def test_unfinished_results_can_be_opened(results, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "read_journal", lambda path: dict(list(results.records.items())[:3]))
    some = Results(results.path)
    assert not some.complete
    assert some.query("select count(distinct (point, seed)) as n from indicators").to_pylist() == [{"n": 3}]
    arrays = some.to_xarray()
    assert dict(arrays.sizes) == {"point": 4, "seed": 2, "year": 2, "region": 2}
    there = arrays.rd_intensity.isel(year=0, region=0).notnull()
    assert int(there.sum()) == 3


def test_unknown_tables_and_bad_questions(results):
    with pytest.raises(InputError, match="unknown table 'firm'; did you mean firms"):
        results.table("firm")
    with pytest.raises(InputError, match="cannot be answered: Catalog Error"):
        results.query("select * from nowhere")


def test_files_for_other_programs(results, tmp_path):
    results.save_csv(tmp_path / "deep" / "values.csv")
    results.save_csv(tmp_path / "firms.csv", "firms")
    results.save_excel(tmp_path / "book.xlsx")
    results.save_netcdf(tmp_path / "arrays.nc")
    frame = pd.read_csv(tmp_path / "deep" / "values.csv")
    assert sorted(frame.value) == sorted(results.to_pandas().value)
    assert len(pd.read_csv(tmp_path / "firms.csv")) == len(results.to_pandas("firms"))
    sheets = openpyxl.load_workbook(tmp_path / "book.xlsx", read_only=True)
    assert sheets.sheetnames == ["indicators", "points", "definitions", "manifest"]
    about = dict(sheets["manifest"].iter_rows(min_row=2, values_only=True))
    assert about["digest"] == results.manifest["digest"]
    written = pd.read_excel(tmp_path / "book.xlsx", sheet_name="indicators")
    np.testing.assert_allclose(written.rd_intensity, results.wide().to_pandas().rd_intensity, rtol=1e-12)
    with xr.open_dataset(tmp_path / "arrays.nc", engine="h5netcdf") as arrays:
        xr.testing.assert_equal(arrays.load(), results.to_xarray())


def test_too_many_rows_for_excel(results, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "EXCEL_ROWS", 5)
    with pytest.raises(InputError, match="do not fit into a sheet of Excel"):
        results.save_excel(tmp_path / "book.xlsx")
    assert not (tmp_path / "book.xlsx").exists()


def test_query_on_the_command_line(yongwen, results):
    question = "select point, seed, value from indicators where region = 'Ningbo' order by all limit 2"
    code, out, _ = yongwen("query", results.path, question, "--json")
    assert code == 0
    assert [row.keys() for row in json.loads(out)] == [{"point", "seed", "value"}] * 2
    code, out, _ = yongwen("query", results.path, question, "--csv")
    assert out.splitlines()[0] == "point,seed,value"
    code, out, _ = yongwen("query", results.path)
    assert all(name in out for name in ("indicators", "points", "runs", "results", "firms", "definitions"))
    code, out, err = yongwen("query", results.path, "selec")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_export_on_the_command_line(yongwen, results, tmp_path):
    code, _, err = yongwen("export", results.path, "--csv", tmp_path / "a.csv", "--netcdf", tmp_path / "a.nc")
    assert (code, err.count("is written")) == (0, 2)
    code, out, err = yongwen("export", results.path)
    assert (code, out) == (2, "")
    code, out, err = yongwen("export", results.path, "--csv", tmp_path / "b.csv", "--table", "firm")
    assert (code, "did you mean firms" in err) == (2, True)


def test_a_missing_library_says_what_to_install(results, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"needs polars, .* pip install 'yongwen\[experiments\]'"):
        results.to_polars()
