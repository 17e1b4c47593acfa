"""Arrow batches as a CSV file that a spreadsheet can open without running anything."""

import codecs
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would calculate."""


def write_csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Writes UTF-8 with a byte order mark, which Excel needs; returns the number of rows."""
    n_rows = 0
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        with csv.CSVWriter(file, schema) as writer:
            for batch in batches:
                writer.write_batch(without_formulas(batch))
                n_rows += batch.num_rows
    return n_rows


def without_formulas(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts that begin like a formula get an apostrophe before them, so that a spreadsheet shows them."""
    columns = [_without_formulas(column) if pa.types.is_string(column.type) else column for column in batch]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _without_formulas(texts: pa.StringArray) -> pa.StringArray:
    return pc.if_else(
        pc.match_substring_regex(texts, FORMULA), pc.binary_join_element_wise("'", texts, ""), texts
    )
