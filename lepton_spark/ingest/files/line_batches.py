"""Lines of a file as Arrow batches: line_number, malformed, raw and the columns of the file."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from lepton_spark.ingest.files.layout import Row

ROWS_AT_ONCE = 20_000
CELLS_AT_ONCE = 2_000_000
"""Fields that are held as Python objects, in fewer rows if a file has many columns."""

N_POSITION = 3
"""Columns of a batch of lines before those of the file: line_number, malformed, raw."""


def plain_batches(plain: pa.Table, line_number: int) -> Iterator[pa.RecordBatch]:
    """Batches of a table of text, none of whose lines is malformed. line_number: that of the first line."""
    for batch in plain.to_batches(ROWS_AT_ONCE):
        n_lines = batch.num_rows
        numbers = pa.array(range(line_number, line_number + n_lines), pa.int64())
        nothing = pa.nulls(n_lines, pa.string())
        yield batch_of(numbers, nothing, nothing, batch.columns)
        line_number += n_lines


def batches_of(rows: Iterator[Row], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of rows that a reader yields one by one."""
    at_once = max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // len(names)))
    return (_batch(chunk, names) for chunk in _chunks(rows, at_once))


def batch_of(
    numbers: pa.Array, malformed: pa.Array, raw: pa.Array, columns: Sequence[pa.Array]
) -> pa.RecordBatch:
    """A batch of lines."""
    of_columns = (f"source_{position}" for position in range(len(columns)))
    names = ["line_number", "malformed", "raw", *of_columns]
    return pa.RecordBatch.from_arrays([numbers, malformed, raw, *columns], names)


def _batch(chunk: Sequence[Row], names: Sequence[str]) -> pa.RecordBatch:
    line_numbers, values, malformed, raw = zip(*chunk, strict=True)
    nothing = (None,) * len(names)
    columns = zip(*(row or nothing for row in values), strict=True)
    texts = (pa.array(column, pa.string()) for column in (malformed, raw, *columns))
    return batch_of(pa.array(line_numbers, pa.int64()), next(texts), next(texts), list(texts))


def _chunks(rows: Iterator[Row], at_once: int) -> Iterator[list[Row]]:
    """Rows in lists, so that only a part of a file is held as Python objects."""
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == at_once:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
