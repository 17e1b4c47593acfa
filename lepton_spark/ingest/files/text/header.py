"""The header of a CSV file: where it is, its names, and what is probably wrong if columns are missing."""

import re
from collections.abc import Sequence

from lepton_spark.ingest.files.layout import Layout, UnreadableFileError

SEPARATORS = ",;\t|"
SEARCHED_RECORDS = 20
"""In how many records a header is looked for if the first one is not the header."""

_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_DATE_NAME = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|(19|20)\d{6}")
_MIN_DATE_NAMES = 3


def is_separator_line(line: str, layout: Layout) -> bool:
    """Whether the line is Excel's hint `sep=;`, which is no record.

    Raises: UnreadableFileError if it names another separator than the configured one.
    """
    found = _SEPARATOR_LINE.fullmatch(line)
    if found is not None and found[1] != layout.separator:
        raise UnreadableFileError(
            "wrong_separator",
            f"first line: found sep={found[1]}; allowed: the configured separator {layout.separator!r}. "
            f"Set input.options.separator: {found[1]!r}",
        )
    return found is not None


def unique_names(names: Sequence[str]) -> list[str]:
    """Names of columns, made unique by position or number; only unmapped columns need it.

    >>> unique_names(["sku", "", "note", "note"])
    ['sku', '_c1', 'note', 'note_2']
    """
    unique: list[str] = []
    for position, name in enumerate(names):
        base = name or f"_c{position}"
        candidates = (base, *(f"{base}_{number}" for number in range(2, len(names) + 2)))
        unique.append(next(candidate for candidate in candidates if candidate not in unique))
    return unique


def hint(names: Sequence[str], following: Sequence[tuple[int, Sequence[str]]], layout: Layout) -> str | None:
    """What is probably wrong with a header that lacks columns, as a remedy; None if nothing is recognised.

    names: those of the supposed header. following: the records after it, with their line numbers.
    """
    return _other_separator(names, layout) or _later_header(following, layout) or _wide(names)


def _other_separator(fields: Sequence[str], layout: Layout) -> str | None:
    if len(fields) != 1:
        return None
    for other in SEPARATORS.replace(layout.separator, ""):
        if set(layout.columns) <= {name.strip(' "') for name in fields[0].split(other)}:
            count, shown = fields[0].count(other), "\\t" if other == "\t" else other
            return (
                f"The line holds {count} {shown!r} and no {layout.separator!r}: "
                f'set input.options.separator: "{shown}"'
            )
    return None


def _later_header(following: Sequence[tuple[int, Sequence[str]]], layout: Layout) -> str | None:
    for number, fields in following:
        if set(layout.columns) <= {name.strip() for name in fields}:
            return f"The header is in line {number}: set input.skip_rows: {number - 1}"
    return None


def _wide(names: Sequence[str]) -> str | None:
    days = days_in(names)
    if not days:
        return None
    return f"{len(days)} columns are named by days: set input.layout: wide"


def days_in(names: Sequence[str]) -> list[str]:
    """The columns that are named by days, if there are at least three.

    >>> days_in(["Product", "2026-09-01", "2026-09-02", "2026-09-03"])
    ['2026-09-01', '2026-09-02', '2026-09-03']
    """
    days = [name for name in names if looks_like_day(name)]
    return days if len(days) >= _MIN_DATE_NAMES else []


def looks_like_day(name: str) -> bool:
    """Whether a name is a day in figures, in whatever order.

    >>> looks_like_day("1.9.2026"), looks_like_day("day 1")
    (True, False)
    """
    return _DATE_NAME.fullmatch(name.strip()) is not None


def is_header_again(fields: Sequence[str], names: Sequence[str], number: int, layout: Layout) -> bool:
    """Whether a line repeats the header, as in files that were joined.

    Raises: UnreadableFileError if the header has its columns in another order: the lines below it would be
    read with their values swapped.
    """
    found = [name.strip(" \t\ufeff") for name in fields]
    if unique_names(found) == list(names):
        return True
    if set(layout.columns) <= set(found):
        raise UnreadableFileError(
            "second_header",
            f"line {number}: found another header with its columns in another order; allowed: one header. "
            "Split the file before this line",
        )
    return False
