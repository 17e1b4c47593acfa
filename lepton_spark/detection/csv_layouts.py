"""Finds separator, escape character and header of a CSV file by trying the project's own reader."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.csv_lines import read_csv
from lepton_spark.ingest.files.text.header import SEARCHED_RECORDS, SEPARATORS, days_in

MIN_COLUMNS = 2
_LOOKED_AT = 60
"""Records from which the usual number of fields is taken."""

_SIGNS = r"\d.,:/\-\sTZ()%€$£+'"
_VALUE = re.compile(rf"[-+(−]?[{_SIGNS}]*\d[{_SIGNS}A-Za-z]{{0,5}}")  # noqa: RUF001 - the minus sign of Unicode
"""A number, a date or an amount of money: no name of a column, unless the columns are days."""


@dataclass(frozen=True)
class CsvLayout:
    """How a text is divided into fields.

    rows: the values of the lines that were read, None for a malformed one.
    """

    separator: str
    escape: str | None
    skip_rows: int
    has_header: bool
    names: tuple[str, ...]
    rows: tuple[Sequence[str | None] | None, ...]

    @property
    def n_read(self) -> int:
        """Lines with as many fields as the header."""
        return sum(row is not None for row in self.rows)


def find_layout(text: str) -> CsvLayout | None:
    """The layout by which most lines are read; of several, that with most columns. None if none fits."""
    escapes = (None, "\\") if '\\"' in text else (None,)
    tried = (_tried(text, separator, escape) for escape in escapes for separator in SEPARATORS)
    fitting = [layout for layout in tried if layout is not None and layout.n_read]
    return max(fitting, key=lambda layout: (layout.n_read, len(layout.names)), default=None)


def _tried(text: str, separator: str, escape: str | None) -> CsvLayout | None:
    skipped = _lines_above_header(text, separator, escape)
    has_header = skipped is not None
    first = _first_name(text, separator, escape, skipped or 0) if has_header else "_c0"
    if first is None:
        return None
    layout = Layout(
        "csv", (first,), separator=separator, escape=escape, skip_rows=skipped or 0, has_header=has_header
    )
    rows: list[Sequence[str | None] | None] = []
    try:
        names, lines = read_csv(text, layout)
        rows.extend(values for _, values, _, _ in lines)
    except UnreadableFileError:  # the lines before it count; without any, nothing was read
        if not rows:
            return None
    if len(names) < MIN_COLUMNS:
        return None
    return CsvLayout(separator, escape, skipped or 0, has_header, tuple(names), tuple(rows))


def _records(text: str, separator: str, escape: str | None) -> Iterator[tuple[int, list[str]]]:
    """Number of the text line before each record, and its fields without empty ones at the end."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].strip().lower() == f"sep={separator}".lower():
        lines[0] = "\n"
    reader, above = csv.reader(lines, delimiter=separator, escapechar=escape), 0
    try:
        for fields in reader:
            while fields and not fields[-1].strip():
                fields.pop()
            yield above, [field.strip() for field in fields]
            above = reader.line_num
    except csv.Error:
        return


def _lines_above_header(text: str, separator: str, escape: str | None) -> int | None:
    """How many text lines to skip before the header; None if there is none."""
    records = list(islice(_records(text, separator, escape), _LOOKED_AT))
    usual = Counter(len(fields) for _, fields in records if len(fields) >= MIN_COLUMNS)
    if not usual:
        return None
    width = max(usual, key=lambda size: (usual[size], size))
    first = next((above for above, fields in records[:SEARCHED_RECORDS] if _is_header(fields, width)), None)
    return 0 if first is not None and all(not fields for above, fields in records if above < first) else first


def _is_header(fields: Sequence[str], width: int) -> bool:
    named = [field for field in fields if field]
    if len(fields) < width or len(named) < MIN_COLUMNS:
        return False
    values = [field for field in named if _VALUE.fullmatch(field)]
    return not values or (len(days_in(named)) == len(values) < len(named))


def _first_name(text: str, separator: str, escape: str | None, skipped: int) -> str | None:
    at_header = (fields for above, fields in _records(text, separator, escape) if above >= skipped and fields)
    return next((name for name in next(at_header, ()) if name), None)
