"""Opening the results of a sweep: SQL, data frames, labelled arrays, and files for other programs.

results = Results(Path("results/grants"))
results.query("select scenario, avg(value) from results where indicator = 'rd_intensity' group by 1")
results.to_xarray().rd_intensity.sel(region="Ningbo", year=2022).mean("seed")
"""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulation.errors import InputError, StorageError, unknown_name
from simulation.extras import need
from simulation.indicators import INDICATORS
from simulation.store import explained
from simulation.sweeps.directory import POINTS, known_manifest, part_path, read_journal

EXCEL_ROWS = 1_048_576
VIEW = "results"
"""Indicators with their points: scenario and factors beside each value."""


class Results:
    """The finished parts of a sweep, whether it has come to its end or not.

    Raises
    ------
    StorageError
        The directory holds no sweep, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: Mapping[str, Any] = known_manifest(path)
        self.records = read_journal(path)

    @property
    def complete(self) -> bool:
        """Return whether all runs are there."""
        return len(self.records) == self.manifest["parts"]

    @property
    def factors(self) -> tuple[str, ...]:
        """Return the names of what was varied."""
        return tuple(self.manifest["factors"])

    def files(self, table: str) -> list[Path]:
        """Return the files of a table.

        Raises
        ------
        InputError
            There is no such table.
        StorageError
            A file is missing or cut short.
        """
        if table == "points":
            return [self.path / POINTS]
        if table not in self.manifest["tables"]:
            raise unknown_name("table", table, ["points", *self.manifest["tables"]])
        found = []
        for part in sorted(self.records):
            path, facts = part_path(self.path, table, part), self.records[part].files.get(table)
            if facts is None:
                continue
            if not path.exists() or path.stat().st_size != facts["bytes"]:
                raise StorageError(
                    f"{path} is missing or damaged; `yongwen sweep ... --out {self.path} --resume` mends it"
                )
            found.append(path)
        return found

    def table(self, name: str) -> pa.Table:
        """Return a table, in Arrow's form."""
        files = self.files(name)
        if not files:
            raise StorageError(f"{self.path} has no finished runs yet")
        return pa.concat_tables(
            [pq.read_table(path, partitioning=None) for path in files], promote_options="permissive"
        ).unify_dictionaries()

    @cached_property
    def connection(self) -> Any:
        """Return a DuckDB connection with a view for each table, `definitions`, and `results`."""
        duckdb = need("duckdb")
        connection = duckdb.connect()
        for name in ("points", *self.manifest["tables"]):
            if files := self.files(name):
                listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
                connection.execute(f'create view "{name}" as select * from read_parquet([{listed}])')
        connection.register("definitions", _definitions())
        if self.records:
            connection.execute(f"create view {VIEW} as select * from indicators join points using (point)")
        return connection

    def query(self, sql: str) -> pa.Table:
        """Return what a question in SQL finds.

        Raises
        ------
        InputError
            The question cannot be answered; the message is DuckDB's.
        """
        duckdb = need("duckdb")
        try:
            return self.connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise InputError(f"the query cannot be answered: {' '.join(str(error).split())}") from error

    def to_pandas(self, table: str = "indicators") -> Any:
        """Return a table as a pandas data frame."""
        pandas = need("pandas")
        whole = {pa.uint64(): pandas.UInt64Dtype()}  # ids of firms do not fit into floating-point numbers
        return self.table(table).to_pandas(types_mapper=whole.get)

    def to_polars(self, table: str = "indicators") -> Any:
        """Return a table as a polars data frame."""
        return need("polars").from_arrow(self.table(table))

    def to_xarray(self) -> Any:
        """Return the indicators as labelled arrays over point, seed, year and region.

        Scenario and factors are coordinates of the points; what is not defined, or not there yet, is NaN.
        """
        xarray = need("xarray")
        frame = self.query(
            "pivot (select point, seed, year, region, indicator, value from indicators) "
            "on indicator using first(value) group by point, seed, year, region"
        ).to_pandas()
        data = xarray.Dataset.from_dataframe(frame.set_index(["point", "seed", "year", "region"]))
        points = self.to_pandas("points").set_index("point")
        data = data.reindex(point=points.index.to_numpy(), seed=self.manifest["seeds"])
        named = points.astype({"scenario": str})
        data = data.assign_coords({name: ("point", named[name].to_numpy()) for name in named})
        for name in data.data_vars:
            data[name].attrs = {"units": INDICATORS[name].unit, "long_name": INDICATORS[name].name_en}
        data.attrs = self.provenance
        return data

    @property
    def provenance(self) -> dict[str, str]:
        """Return in short where the numbers come from."""
        kept = ("name", "experiment", "digest", "yongwen", "created", "finished")
        told = {key: str(self.manifest[key]) for key in kept}
        return {**told, **{f"hash_of_{key}": value for key, value in self.manifest["fingerprint"].items()}}

    def wide(self) -> pa.Table:
        """Return a row for each point, seed, year and region, with a column for each indicator."""
        factors = "".join(f', "{name}"' for name in self.factors)
        return self.query(
            f"pivot (select point, scenario{factors}, seed, year, region, indicator, value from {VIEW}) "
            f"on indicator using first(value) group by point, scenario{factors}, seed, year, region "
            "order by point, seed, year, region"
        )

    def save_csv(self, path: Path, table: str = VIEW) -> None:
        """Write a table as CSV, without holding it in memory."""
        if table not in {VIEW, "definitions"}:
            self.files(table)
        with explained(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.connection.sql(f'select * from "{table}" order by all').to_csv(str(path))

    def save_excel(self, path: Path) -> None:
        """Write points, indicators, definitions and the manifest as sheets of a workbook.

        Raises
        ------
        InputError
            There are more rows than a sheet takes.
        """
        need("openpyxl")
        pandas = need("pandas")
        values = self.wide()
        if values.num_rows >= EXCEL_ROWS:
            raise InputError(
                f"{values.num_rows:,} rows do not fit into a sheet of Excel ({EXCEL_ROWS:,}); use --csv"
            )
        about = {**self.manifest, "sessions": len(self.manifest["sessions"])}
        plain = [
            (key, value if isinstance(value, str | int | float) else json.dumps(value))
            for key, value in about.items()
        ]
        sheets = {
            "indicators": values.to_pandas(),
            "points": self.to_pandas("points"),
            "definitions": _definitions().to_pandas(),
            "manifest": pandas.DataFrame(plain, columns=["key", "value"]),
        }
        with explained(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            with pandas.ExcelWriter(path, engine="openpyxl") as book:
                for name, frame in sheets.items():
                    frame.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))

    def save_netcdf(self, path: Path) -> None:
        """Write the labelled arrays as NetCDF."""
        need("h5netcdf")
        with explained(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.to_xarray().to_netcdf(path, engine="h5netcdf")


def _definitions() -> pa.Table:
    columns: Sequence[str] = ("id", "name_en", "name_zh", "unit", "definition")
    found = {name: [getattr(each, name) for each in INDICATORS.values()] for name in columns}
    return pa.table({"indicator": found.pop("id"), **found})
