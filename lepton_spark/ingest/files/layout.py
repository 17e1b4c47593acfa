"""The configured layout of delivered files, and the error for a file that does not have it."""

import codecs
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from lepton_spark.config import InputSettings
from lepton_spark.config.values.reader_options import reader_options
from lepton_spark.ingest.files.date_forms import date_forms

MAPPED = ("product_id", "location_id", "date", "quantity", "price", "transaction_id", "customer_id")

Row = tuple[int, Sequence[str | None] | None, str | None, str | None]
"""A line: its number in the file and its values; for a malformed line, what is wrong and its text."""


class UnreadableFileError(Exception):
    """No line of a file can be loaded; `reason` is the code and `words` the explanation."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True)
class Layout:
    """How to read a file; plain values, because Spark sends them to its workers.

    numbers: columns of numbers whose decimal sign is not configured. date: the column of dates.
    day_forms: date forms of the headers of a wide file, whose days and figures become the columns `date` and
    `quantity`; empty for other files. decimal: the sign with which numbers of a workbook become text.
    """

    format: str
    columns: tuple[str, ...]
    personal: tuple[str, ...] = ()
    separator: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skip_rows: int = 0
    numbers: tuple[str, ...] = ()
    date: str = ""
    quantity: str = ""
    day_forms: tuple[str, ...] = ()
    decimal: str = "."
    sheet: str | None = None
    encoding: str = "utf-8-sig"
    has_header: bool = True
    is_gzip: bool | None = None
    max_unpacked: int = 1 << 32

    @classmethod
    def of(cls, settings: InputSettings) -> Self:
        """The layout of a configured input; the configuration has validated its options."""
        options = reader_options(settings.options)
        compression = options.get("compression")
        is_wide = settings.layout == "wide"
        of_days = (settings.columns.date, settings.columns.quantity) if is_wide else ()
        return cls(
            format=settings.format,
            columns=tuple(name for name in mapped_columns(settings) if name not in of_days),
            personal=personal_columns(settings),
            separator=options.get("separator", ","),
            quote=options.get("quote", '"') or None,
            escape=options.get("escape"),
            skip_rows=settings.skip_rows,
            date=settings.columns.date,
            quantity=settings.columns.quantity,
            day_forms=date_forms(settings) if is_wide else (),
            decimal=settings.decimal or ".",
            sheet=options.get("sheet"),
            numbers=_unclear_numbers(settings),
            encoding=_encoding(options.get("encoding", "utf-8")),
            has_header=options.get("header", "true").lower() == "true",
            is_gzip=None if compression is None else compression.lower() == "gzip",
            max_unpacked=settings.max_unpacked_bytes,
        )


def _unclear_numbers(settings: InputSettings) -> tuple[str, ...]:
    """The quantity, unless its decimal sign is configured or the format has decimal points only."""
    is_text = settings.format in ("csv", "excel")
    return (settings.columns.quantity,) if is_text and settings.decimal is None else ()


def mapped_columns(settings: InputSettings) -> tuple[str, ...]:
    """The source columns that a file must have, without duplicates: those that the configuration names."""
    mapped = (getattr(settings.columns, key) for key in MAPPED)
    named = (name for name in mapped if name is not None)
    return tuple(
        dict.fromkeys((*named, *settings.skip_where, *(settings.identity or ()), *settings.personal_columns))
    )


def personal_columns(settings: InputSettings) -> tuple[str, ...]:
    """The source columns with personal data, the customer's id first."""
    customer = settings.columns.customer_id
    return tuple(dict.fromkeys(([customer] if customer else []) + list(settings.personal_columns)))


def stored_order(names: Collection[str], layout: Layout) -> tuple[str, ...]:
    """The columns sorted by name, personal ones last: the order of a line's values, whatever its file."""
    return tuple(sorted(set(names) - set(layout.personal))) + layout.personal


def check_columns(found: Sequence[str], layout: Layout, hint: str | None = None) -> None:
    """The header must have every mapped column exactly once.

    hint: what is probably wrong and what to do about it.

    Raises: UnreadableFileError otherwise.
    """
    missing = [name for name in layout.columns if name not in found]
    twice = [name for name in layout.columns if list(found).count(name) > 1]
    if missing or twice:
        remedy = hint or "Map the names in input.columns, or load this file by its own configuration"
        fault = f"without {', '.join(missing)}" if missing else f"with {', '.join(twice)} twice"
        raise UnreadableFileError(
            "wrong_header",
            f"columns: found {_found(found, layout)} ({fault}); allowed: "
            f"a header with each of {', '.join(layout.columns)} once. {remedy}",
        )


def _found(found: Sequence[str], layout: Layout) -> str:
    """The names, or only their number if there are personal columns.

    In a file without a header, the supposed names are the values of its first line.
    """
    return f"{len(found)} names" if layout.personal else ", ".join(found)[:500]


def quoted_column(name: str) -> str:
    """A column's name in backticks, so that Spark does not parse dots or other characters in it.

    >>> quoted_column("price.net")
    '`price.net`'
    """
    return f"`{name.replace('`', '``')}`"


def _encoding(name: str) -> str:
    """The canonical name of an encoding; UTF-8 skips a byte order mark.

    >>> _encoding("UTF8"), _encoding("latin-1")
    ('utf-8-sig', 'iso8859-1')
    """
    canonical = codecs.lookup(name).name
    return "utf-8-sig" if canonical == "utf-8" else canonical
