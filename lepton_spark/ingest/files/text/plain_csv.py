"""Plain CSV, in which each line is a record: read by Arrow as a whole, much faster than record by record."""

import csv
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from lepton_spark.ingest.files.layout import Layout
from lepton_spark.ingest.files.text.csv_lines import BLANKS_AND_MARK
from lepton_spark.ingest.files.text.header import is_separator_line


def plain_table(text: str, names: Sequence[str], layout: Layout) -> pa.Table | None:
    """The lines of a file as columns of text; None unless `read_csv` would give the same, one line each.

    The first of them is in line 2 of the file, or in line 1 if it has no header. names: the columns, made
    unique. A file is not plain if it has title rows, an empty line, a line of another number of fields or
    without any value, a second header, an escape, or a quote elsewhere than around a whole field.
    """
    first, _, after_first = text.partition("\n")
    if not _may_be_plain(text, layout) or not first.strip() or is_separator_line(first, layout):
        return None
    below = after_first if layout.has_header else text
    if below.startswith("\ufeff"):  # Arrow would take it for the mark of a file
        return None
    content = below.encode()
    if layout.quote is not None and (first.count(layout.quote) % 2 or not _quotes_fields(content, layout)):
        return None
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(use_threads=False, column_names=list(names), block_size=1 << 24),
            pyarrow.csv.ParseOptions(delimiter=layout.separator, quote_char=layout.quote or False),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    n_lines = below.count("\n") + (not below.endswith("\n"))
    return table if table.num_rows == n_lines and _is_plain(table, layout) else None


def _may_be_plain(text: str, layout: Layout) -> bool:
    """Whether the settings are Arrow's, and the file has no sign that only `read_csv` understands."""
    signs = f"{layout.separator}{layout.quote or ''}"
    special = [sign for sign in (layout.escape, "\0") if sign]
    return (
        not layout.skip_rows
        and signs.isascii()
        and not any(sign in text for sign in special)
        and text.count("\r") == text.count("\r\n")
    )


def _quotes_fields(content: bytes, layout: Layout) -> bool:
    """Whether every quote opens a field at its start or closes one at its end, in turns."""
    quote, separator = (ord(sign or "\0") for sign in (layout.quote, layout.separator))
    signs = np.frombuffer(b"\n" + content + b"\n", np.uint8)
    positions = np.flatnonzero(signs == quote)
    before, after = signs[positions[::2] - 1], signs[positions[1::2] + 1]
    ends = [separator, ord("\n")]
    is_whole = np.isin(before, ends).all() and np.isin(after, [*ends, ord("\r")]).all()
    return len(positions) % 2 == 0 and bool(is_whole)


def _is_plain(table: pa.Table, layout: Layout) -> bool:
    """Whether no line is without any value, too long for a record, or another header."""
    is_empty = [pc.equal(column, "") for column in table.columns]
    if min(pc.sum(empty).as_py() or 0 for empty in is_empty):
        all_empty = is_empty[0]
        for empty in is_empty[1:]:
            all_empty = pc.and_(all_empty, empty)
        if pc.any(all_empty).as_py():
            return False
    longest = max(pc.max(pc.binary_length(column)).as_py() or 0 for column in table.columns)
    if longest > csv.field_size_limit():
        return False
    checked = pc.utf8_trim(table.column(layout.columns[0]), BLANKS_AND_MARK)
    return not pc.any(pc.is_in(checked, pa.array(table.column_names))).as_py()
