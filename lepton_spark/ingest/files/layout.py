"""How a delivered file is laid out, as configured, and why one cannot be read."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lepton_spark.config import InputSettings
from lepton_spark.config.values.reader_options import reader_options

MAPPED = ("product_id", "location_id", "date", "quantity", "price", "transaction_id", "customer_id")

Row = tuple[int, Sequence[str | None] | None, str | None, str | None]
"""A line: its number in the file, its values in the names' order, or else what is malformed and the text."""


class UnreadableFileError(Exception):
    """A file that is refused whole; `reason` is its code."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True)
class Layout:
    """What the reader of one file must know; plain values that travel to the workers."""

    format: str
    columns: tuple[str, ...]
    personal: tuple[str, ...] = ()
    separator: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8-sig"
    has_header: bool = True
    is_gzip: bool | None = None
    max_unpacked: int = 1 << 32

    @classmethod
    def of(cls, settings: InputSettings) -> Self:
        """The layout of a configured input, whose options the configuration has checked."""
        options = reader_options(settings.options)
        compression = options.get("compression")
        return cls(
            format=settings.format,
            columns=mapped_columns(settings),
            personal=personal_columns(settings),
            separator=options.get("separator", ","),
            quote=options.get("quote", '"') or None,
            encoding=_encoding(options.get("encoding", "utf-8")),
            has_header=options.get("header", "true").lower() == "true",
            is_gzip=None if compression is None else compression.lower() == "gzip",
            max_unpacked=settings.max_unpacked_bytes,
        )


def mapped_columns(settings: InputSettings) -> tuple[str, ...]:
    """The source columns that a file must have: every mapped and every personal one, each once."""
    mapped = (getattr(settings.columns, key) for key in MAPPED)
    return tuple(
        dict.fromkeys([name for name in mapped if name is not None] + list(settings.personal_columns))
    )


def personal_columns(settings: InputSettings) -> tuple[str, ...]:
    """The source columns that speak of persons, the customer's number first."""
    customer = settings.columns.customer_id
    return tuple(dict.fromkeys(([customer] if customer else []) + list(settings.personal_columns)))


def in_order(names: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """The columns by name, the personal ones last: the order in which values of any file are kept."""
    return tuple(sorted(set(names) - set(layout.personal))) + layout.personal


def check_columns(found: list[str], layout: Layout) -> None:
    """Refuses a file that lacks a mapped column or names one twice."""
    missing = [name for name in layout.columns if name not in found]
    twice = sorted({name for name in found if found.count(name) > 1})
    if missing or twice:
        raise UnreadableFileError(
            "wrong_header",
            f"columns: found {_named(found, layout)} ({_fault(missing, twice, layout)}); allowed: "
            f"a header with each of {', '.join(layout.columns)} once. "
            "Map the names in input.columns, or load this file by its own configuration",
        )


def _named(found: list[str], layout: Layout) -> str:
    """The names; how many where they may be a person's values, of a file delivered without its header."""
    return f"{len(found)} names" if layout.personal else ", ".join(found)[:500]


def _fault(missing: list[str], twice: list[str], layout: Layout) -> str:
    if missing:
        return f"without {', '.join(missing)}"
    told = [name for name in twice if not layout.personal or name in layout.columns]
    return f"with {', '.join(told) or 'a name'} twice"


def _encoding(name: str) -> str:
    """The encoding's one name; a byte order mark is no part of the text."""
    known = codecs.lookup(name).name
    return "utf-8-sig" if known == "utf-8" else known
