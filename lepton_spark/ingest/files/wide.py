"""Wide files, with a column for each day: each filled cell below a day becomes a line."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lepton_spark.ingest.files.date_forms import shape
from lepton_spark.ingest.files.date_texts import DateTexts
from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.line_batches import N_POSITION, batch_of
from lepton_spark.ingest.files.text.csv_lines import BLANKS_AND_MARK
from lepton_spark.ingest.files.text.header import looks_like_day

NUMBERS_PER_ROW = 100_000
"""A cell's line number is its row times this, plus its column, both from 1."""

CELLS_AT_ONCE = 200_000


def lines_of_days(
    names: Sequence[str], batches: Iterator[pa.RecordBatch], layout: Layout
) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """The mapped columns with the day and its figure; a line for each cell of a day that is not empty.

    An empty cell is no line: its day is unknown, or has no sale. Columns that are neither a day nor mapped
    are left out.

    Raises: UnreadableFileError when no header is a day, or a day has two columns.
    """
    days = _days(names, layout)
    kept = [position for position, name in enumerate(names) if name in layout.columns]
    columns = [*(names[position] for position in kept), layout.date, layout.quantity]
    at_once = max(1, CELLS_AT_ONCE // len(days))
    slices = (batch.slice(start, at_once) for batch in batches for start in range(0, batch.num_rows, at_once))
    return columns, (_lines(rows, names, days, kept) for rows in slices)


def _days(names: Sequence[str], layout: Layout) -> list[int]:
    """The positions of the columns whose headers are days."""
    shapes = [shape(form) for form in layout.day_forms]
    days = [position for position, name in enumerate(names) if any(looks.fullmatch(name) for looks in shapes)]
    others = [name for position, name in enumerate(names) if position not in set(days)]
    twice = _repeated(others, {names[position] for position in days})
    unknown = [name for name in others if looks_like_day(name) and name not in layout.columns]
    if twice:
        raise _wrong_header(f"{twice[0]} twice", "each day once. Have the file delivered again")
    if unknown or not days:
        found = f"{unknown[0]}, which may be a day in another form" if unknown else "no column of a day"
        hint = DateTexts()
        hint.count(unknown)
        remedy = hint.hint() or "add the form of the headers to input.date_formats"
        raise _wrong_header(found, f"days of the form {', '.join(layout.day_forms)}; {remedy}")
    if len(names) >= NUMBERS_PER_ROW:
        raise _wrong_header(f"{len(names)} columns", f"fewer than {NUMBERS_PER_ROW}. Split the file")
    return days


def _repeated(others: Sequence[str], days: set[str]) -> list[str]:
    """The days whose second column has got a number behind its name."""
    parts = (name.rpartition("_") for name in others)
    return [day for day, _, number in parts if day in days and number.isdigit()]


def _wrong_header(found: str, allowed: str) -> UnreadableFileError:
    return UnreadableFileError("wrong_header", f"header: found {found}; allowed: {allowed}")


def _lines(
    batch: pa.RecordBatch, names: Sequence[str], days: Sequence[int], kept: Sequence[int]
) -> pa.RecordBatch:
    """The filled cells of some rows, row by row, and then the malformed rows."""
    sources, n_rows = batch.columns[N_POSITION:], batch.num_rows
    texts = pa.concat_arrays([sources[day] for day in days])  # day after day
    is_filled = pc.not_equal(pc.utf8_trim(texts, BLANKS_AND_MARK), "").fill_null(False)
    by_row = np.arange(len(days) * n_rows).reshape(len(days), n_rows).T.ravel()
    cells = by_row[is_filled.to_numpy(zero_copy_only=False)[by_row]]
    broken = np.flatnonzero(batch.column("malformed").is_valid().to_numpy(zero_copy_only=False))
    of_row, day = np.append(cells % n_rows, broken), np.array(days)[cells // n_rows]
    row_numbers = batch.column("line_number").to_numpy()[of_row]
    columns = np.append(day + 1, np.zeros(len(broken), np.int64))
    nothing = pa.nulls(len(broken), pa.string())
    headers = pa.array(names, pa.string()).take(pa.array(day))
    return batch_of(
        pa.array(row_numbers * NUMBERS_PER_ROW + columns, pa.int64()),
        batch.column("malformed").take(pa.array(of_row)),
        batch.column("raw").take(pa.array(of_row)),
        [
            *(sources[position].take(pa.array(of_row)) for position in kept),
            pa.concat_arrays([headers, nothing]),
            pa.concat_arrays([texts.take(pa.array(cells)), nothing]),
        ],
    )
