"""CSV (RFC 4180): quoted fields may hold separators, line ends and doubled quotes."""

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from lepton_spark.ingest.files.layout import Layout, Row, UnreadableFileError, check_columns
from lepton_spark.ingest.files.text.header import (
    SEARCHED_RECORDS,
    hint,
    is_header_again,
    is_separator_line,
    unique_names,
)

BLANKS_AND_MARK = " \t\ufeff"

CUT_SHORT = "unexpected end of data"
"""The csv module's message for a file that ends inside a quoted field."""

Record = tuple[int, list[str] | csv.Error, str]
"""Number of the text line that a record starts on, its fields or what is wrong, and its last text line."""


def read_csv(text: str, layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """The file's columns and its lines; a line with wrong quoting or another number of fields is malformed.

    Lines without any value, empty fields beyond the header, and a repeated header are ignored.

    Raises: UnreadableFileError for a wrong header; while iterating, for a file that ends in a quoted field,
    for wrong quoting over several text lines, and for a second header with another order.
    """
    return table_of(_records(_TextLines(text, layout), layout), layout)


def table_of(records: Iterator[Record], layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """The columns and lines of records, the first of which that is not empty is the header.

    Raises: UnreadableFileError for a wrong header; while iterating, for a second header with another order.
    """
    first = next((record for record in records if record[1] != []), None)
    if first is None or isinstance(first[1], csv.Error):
        found = "nothing" if first is None else str(first[1])
        raise UnreadableFileError("wrong_header", f"header: found {found}; allowed: the names of the columns")
    if not layout.has_header:
        names = [f"_c{position}" for position in range(len(first[1]))]
        check_columns(names, layout)
        return names, _lines(chain([first], records), names, layout)
    written = [name.strip() for name in first[1]]
    if not set(layout.columns) <= set(written):
        following = [
            (number, row) for number, row, _ in islice(records, SEARCHED_RECORDS) if isinstance(row, list)
        ]
        check_columns(written, layout, hint(written, following, layout))
    check_columns(written, layout)
    names = unique_names(written)
    return names, _lines(records, names, layout)


class _TextLines:
    """The text lines of a file after the skipped ones; keeps the last one, and how many were read."""

    def __init__(self, text: str, layout: Layout) -> None:
        self._stream = io.StringIO(text, newline="")
        self.count, self.last = 0, ""
        for _ in range(layout.skip_rows):
            self._skip()
        position = self._stream.tell()
        if is_separator_line(self._stream.readline(), layout):
            self.count += 1
        else:
            self._stream.seek(position)

    def _skip(self) -> None:
        if self._stream.readline():
            self.count += 1

    def __iter__(self) -> "Iterator[str]":
        return self

    def __next__(self) -> str:
        self.last = next(self._stream)
        self.count += 1
        return self.last


def _quoting(layout: Layout) -> dict[str, Any]:
    if layout.quote is None:
        return {"quoting": csv.QUOTE_NONE, "escapechar": layout.escape}
    return {"quotechar": layout.quote, "doublequote": True, "escapechar": layout.escape}


def _records(lines: _TextLines, layout: Layout) -> Iterator[Record]:
    """Each record; an error in place of wrong quoting in one text line."""
    reader = csv.reader(lines, strict=True, delimiter=layout.separator, **_quoting(layout))
    while True:
        start = lines.count + 1
        try:
            for row in reader:
                yield start, row, lines.last
                start = lines.count + 1
        except csv.Error as fault:
            if CUT_SHORT in str(fault) or lines.count > start:
                raise _broken_quotes(start, lines.count, str(fault), layout) from fault
            yield start, fault, lines.last
        else:
            return


def _broken_quotes(start: int, end: int, fault: str, layout: Layout) -> UnreadableFileError:
    again = "have the file delivered again"
    remedy = (
        f"Set input.options.quote to nothing if no field is quoted, or {again}"
        if layout.escape
        else f"If quotes inside fields are written as \\\", set input.options.escape: '\\'; otherwise {again}"
    )
    if CUT_SHORT in fault:
        found, reason = "the end of the file inside a quoted field", "cut_short"
    else:
        found, reason = f"bad quoting up to line {end} ({fault})", "bad_quotes"
    return UnreadableFileError(reason, f"line {start}: found {found}; allowed: complete lines. {remedy}")


def _lines(records: Iterator[Record], names: list[str], layout: Layout) -> Iterator[Row]:
    width, is_name, checked = len(names), set(names).__contains__, names.index(layout.columns[0])
    for number, row, text in records:
        if isinstance(row, csv.Error):
            words = f"line: found bad quoting ({row}); allowed: quotes around a whole field"
            yield number, None, words, text.rstrip("\r\n")
            continue
        if not any(row):
            continue
        if len(row) > width and not any(row[width:]):
            del row[width:]
        if len(row) == width:
            if not (
                is_name(row[checked].strip(BLANKS_AND_MARK)) and is_header_again(row, names, number, layout)
            ):
                yield number, row, None, None
        else:
            words = f"line: found {len(row)} columns; allowed: {width}, as many as the header"
            yield number, None, words, layout.separator.join(row)
