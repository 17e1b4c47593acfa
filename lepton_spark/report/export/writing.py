"""Writes rows to a file in the format that its suffix names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import DataFrame

from lepton_spark.errors import InputError, SetupError, explain
from lepton_spark.report.export.arrow_batches import arrow_batches
from lepton_spark.report.export.text_file import write_csv
from lepton_spark.report.export.workbook import MOST_ROWS, write_workbook
from lepton_spark.report.replaced_file import replaced

WORKBOOK = ".xlsx"


@dataclass(frozen=True)
class Written:
    """Rows and bytes of a file."""

    n_rows: int
    n_bytes: int


def require_writable(path: Path) -> None:
    """Raises InputError for another kind of file, SetupError without the package that writes workbooks."""
    if path.suffix not in _WRITERS:
        found = f"'{path.suffix}'" if path.suffix else "no suffix"
        allowed = f"a file that ends with {', '.join(_WRITERS)}"
        raise InputError(explain(f"export {path}", found, allowed, "Choose another name."))
    if path.suffix == WORKBOOK and find_spec("xlsxwriter") is None:
        remedy = "Run pip install 'lepton-spark[excel]'."
        raise SetupError(explain(f"export {path}", "no package XlsxWriter", "installed", remedy))


def write_rows(rows: DataFrame, path: Path) -> Written:
    """Writes the rows, some at a time, and replaces an earlier file in one step.

    Raises: InputError if a workbook cannot hold so many rows.
    """
    if path.suffix == WORKBOOK:
        require_fitting(rows.count(), path)
    schema = rows.limit(0).toArrow().schema
    with replaced(path) as aside:
        n_rows = _WRITERS[path.suffix](schema, arrow_batches(rows), aside)
    return Written(n_rows, path.stat().st_size)


def require_fitting(n_rows: int, path: Path) -> None:
    """Raises InputError if a sheet of a workbook cannot hold the rows."""
    if n_rows > MOST_ROWS:
        allowed = f"at most {MOST_ROWS:,} in a sheet of Excel"
        remedy = f"Export to {path.with_suffix('.csv').name} or {path.with_suffix('.parquet').name}."
        raise InputError(explain(f"export {path}", f"{n_rows:,} rows", allowed, remedy))


def _write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    n_rows = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            n_rows += batch.num_rows
    return n_rows


_WRITERS: dict[str, Callable[[pa.Schema, Iterable[pa.RecordBatch], Path], int]] = {
    ".csv": write_csv,
    WORKBOOK: write_workbook,
    ".parquet": _write_parquet,
}
