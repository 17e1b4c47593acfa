"""Arrow batches as an Excel workbook of one sheet, written row by row."""

from collections.abc import Callable, Iterable
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

MOST_ROWS = 1_048_575
"""Rows of a sheet below the header."""
LONGEST_TEXT = 32_767
"""Characters that a cell can hold; the rest of a text is cut off."""
FIRST_YEAR = 1900
"""First year of Excel's calendar; earlier days are written as text."""
EXACT = 10**15
"""From this number on Excel, which keeps 15 digits, would change a whole number."""

Cell = Callable[[int, int, Any], object]
"""Writes a value that is not null, given row and column."""


class Sheet(Protocol):
    """What is used of XlsxWriter's sheet."""

    def write_string(self, row: int, column: int, text: str, /) -> object:
        """Writes a text, whatever it looks like."""

    def write_number(self, row: int, column: int, number: float, /) -> object:
        """Writes a number."""

    def write_datetime(self, row: int, column: int, day: date, look: object, /) -> object:
        """Writes a day or an instant."""


_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}


def write_workbook(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Writes texts as text, dates as dates, numbers as numbers; returns the number of rows."""
    import xlsxwriter  # noqa: PLC0415  an optional package

    n_rows = 0
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        sheet = book.add_worksheet("lepton")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(schema) - 1, 12)
        for place, name in enumerate(schema.names):
            sheet.write_string(0, place, name, book.add_format({"bold": True}))
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        cells = [_cell(sheet, field.type, day, instant) for field in schema]
        for batch in batches:
            for values in zip(*(column.to_pylist() for column in batch), strict=True):
                n_rows += 1
                for place, value in enumerate(values):
                    if value is not None:
                        cells[place](n_rows, place, value)
        sheet.autofilter(0, 0, n_rows, len(schema) - 1)
    return n_rows


def _cell(sheet: Sheet, kind: pa.DataType, day: object, instant: object) -> Cell:
    """How the values of a column are written; day, instant: formats of dates."""
    if pa.types.is_date(kind):
        return _date_cell(sheet, day)
    if pa.types.is_timestamp(kind):
        return _date_cell(sheet, instant)
    if pa.types.is_integer(kind):
        return _integer_cell(sheet)
    if pa.types.is_floating(kind):
        return _number_cell(sheet)
    return lambda row, column, value: sheet.write_string(row, column, str(value)[:LONGEST_TEXT])


def _date_cell(sheet: Sheet, look: object) -> Cell:
    def write(row: int, column: int, value: date) -> object:
        if value.year < FIRST_YEAR:
            return sheet.write_string(row, column, f"{value}")
        return sheet.write_datetime(row, column, value, look)

    return write


def _number_cell(sheet: Sheet) -> Cell:
    """Leaves the cell of a number that is not finite empty, as that of a null."""
    return lambda row, column, value: sheet.write_number(row, column, value) if isfinite(value) else None


def _integer_cell(sheet: Sheet) -> Cell:
    def write(row: int, column: int, value: int) -> object:
        if abs(value) >= EXACT:
            return sheet.write_string(row, column, f"{value}")
        return sheet.write_number(row, column, value)

    return write
