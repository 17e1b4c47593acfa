"""CSV (RFC 4180): quoted fields may hold separators, line ends and doubled quotes."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Protocol

from lepton_spark.ingest.files.layout import Layout, Row, UnreadableFileError, check_columns

CUT_SHORT = "unexpected end of data"
"""The csv module's message for a file that ends inside a quoted field."""


def read_csv(text: str, layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """The file's columns and its lines; a line with wrong quoting or another number of fields is malformed.

    Raises: UnreadableFileError for a wrong header; while iterating, for a file that ends in a quoted field.
    """
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, strict=True, delimiter=layout.separator, **_quoting(layout))
    records = _records(reader)
    first = next((record for record in records if record[1] != []), None)
    if first is None or isinstance(first[1], csv.Error):
        raise UnreadableFileError(
            "wrong_header", f"header: found {first and first[1]}; allowed: the names of the columns"
        )
    if layout.has_header:
        names = [name.strip() for name in first[1]]
        check_columns(names, layout)
        return names, _lines(records, len(names), layout.separator)
    names = [f"_c{position}" for position in range(len(first[1]))]
    check_columns(names, layout)
    return names, _lines(_with(first, records), len(names), layout.separator)


Record = tuple[int, list[str] | csv.Error]


class _Reader(Protocol):
    """The reader of the csv module, whose class has no public name."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def _quoting(layout: Layout) -> dict[str, Any]:
    if layout.quote is None:
        return {"quoting": csv.QUOTE_NONE}
    return {"quotechar": layout.quote, "doublequote": True}


def _with(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _records(reader: _Reader) -> Iterator[Record]:
    """Each record with the number of the text line it starts on; an error in place of wrong quoting."""
    while True:
        start = reader.line_num + 1
        try:
            for row in reader:
                yield start, row
                start = reader.line_num + 1
        except csv.Error as fault:
            if CUT_SHORT in str(fault):
                raise UnreadableFileError(
                    "cut_short",
                    f"line {start}: found the end of the file inside a quoted field; allowed: complete lines",
                ) from fault
            yield start, fault
        else:
            return


def _lines(records: Iterator[Record], width: int, separator: str) -> Iterator[Row]:
    for number, row in records:
        if isinstance(row, csv.Error):
            yield number, None, f"line: found bad quoting ({row}); allowed: quotes around a whole field", None
        elif len(row) == width:
            yield number, row, None, None
        elif row:
            words = f"line: found {len(row)} columns; allowed: {width}, as many as the header"
            yield number, None, words, separator.join(row)
