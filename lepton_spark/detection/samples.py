"""Samples of delivered files: lines from the start, the middle and the end of some of them."""

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from lepton_spark.ingest.files.delivery import FoundFile, content_of
from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.kinds import is_workbook
from lepton_spark.ingest.files.text.text_files import unpacked
from lepton_spark.ingest.files.workbooks.parts import sheets_of
from lepton_spark.ingest.files.workbooks.sheet import cell_text, chosen_sheet, read_cells

MAX_FILES = 12
"""Files that are sampled: the first and the last by name, and others evenly between them."""

PIECE = 1 << 17
"""Bytes of each piece of a file."""

T = TypeVar("T")

_PARQUET = b"PAR1"
_ROWS = 2_000
"""Rows of each piece of a Parquet file."""


@dataclass(frozen=True)
class Sample:
    """Pieces of one file, in order; text ends at line ends, except in a file of one piece.

    typed: the rows of a Parquet file instead, as JSON: names, kinds and rows of texts. sheet: that of a
    workbook, whose rows the pieces are as CSV; empty if it is the only one. fault: why a workbook cannot be
    read.
    """

    name: str
    pieces: tuple[bytes, ...] = ()
    typed: str | None = None
    sheet: str | None = None
    fault: str | None = None


def take_samples(spark: SparkSession, found: Sequence[FoundFile]) -> list[Sample]:
    """Samples of up to MAX_FILES files, taken where the files are read."""
    chosen = spread(found, MAX_FILES)
    schema = "path STRING, pieces ARRAY<BINARY>, typed STRING, sheet STRING, fault STRING"
    rows = content_of(spark, chosen).mapInArrow(_sampled, schema).collect()
    by_path = {row["path"]: row for row in rows}
    return [
        Sample(file.name, tuple(map(bytes, row["pieces"])), row["typed"], row["sheet"], row["fault"])
        for file, row in ((file, by_path[file.path]) for file in chosen)
    ]


def spread(items: Sequence[T], most: int) -> list[T]:
    """Up to so many items: the first, the last and others evenly between them.

    >>> spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(items) <= most:
        return list(items)
    return [items[round(position * (len(items) - 1) / (most - 1))] for position in range(most)]


def pieces_of(content: bytes) -> list[bytes]:
    """The start, the middle and the end of a text, each up to PIECE bytes of whole lines.

    A shorter text is one piece. UTF-16 is not cut between bytes, so only its start is taken.
    """
    if len(content) <= 3 * PIECE:
        return [content]
    start = content[: content.rfind(b"\n", 0, PIECE) + 1] or content[:PIECE]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [content[:PIECE]]
    middle = content[len(content) // 2 :][:PIECE]
    end = content[-PIECE:]
    return [start, _whole_lines(middle), end[end.find(b"\n") + 1 :]]


def _whole_lines(piece: bytes) -> bytes:
    return piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1]


def sample_of(name: str, content: bytes) -> Sample:
    """The sample of one file; empty for one that cannot be read, which a load then refuses by its reason."""
    try:
        if content.startswith(_PARQUET):
            return Sample(name, typed=_rows_of_parquet(content))
        if is_workbook(content):
            return _sample_of_workbook(name, content)
        return Sample(name, tuple(pieces_of(unpacked(name, content, Layout("csv", ())))))
    except (UnreadableFileError, pa.ArrowException, OSError):
        return Sample(name)


def _sampled(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found = [
            sample_of(path.as_py(), content.as_py()) for path, content in zip(*batch.columns, strict=True)
        ]
        pieces = pa.array([sample.pieces for sample in found], pa.list_(pa.binary()))
        texts = [
            pa.array([getattr(sample, key) for sample in found], pa.string())
            for key in ("name", "typed", "sheet", "fault")
        ]
        columns = [texts[0], pieces, *texts[1:]]
        yield pa.RecordBatch.from_arrays(columns, ["path", "pieces", "typed", "sheet", "fault"])


def _sample_of_workbook(name: str, content: bytes) -> Sample:
    """The first and last rows of the visible sheet with most cells, as CSV."""
    try:
        sheets = sheets_of(content, Layout("excel", ()))
        filled = [sheet for sheet in sheets if sheet.is_visible and sheet.n_cells]
        sheet = max(filled, key=lambda one: one.n_cells, default=None) or chosen_sheet(filled, None)
        rows = read_cells(content, sheet)
        written = io.StringIO(newline="")
        writer = csv.writer(written, lineterminator="\n")
        for row in (*islice(rows, _ROWS), *deque(rows, _ROWS)):
            writer.writerow([" ".join(cell_text(cell, ".").split("\n")) for cell in row])
    except UnreadableFileError as fault:
        return Sample(name, fault=fault.words)
    pieces = tuple(pieces_of(written.getvalue().encode()))
    return Sample(name, pieces, sheet=sheet.name if len(filled) > 1 else "")


def _rows_of_parquet(content: bytes) -> str:
    file = pq.ParquetFile(pa.BufferReader(content))
    first = next(file.iter_batches(_ROWS), None)
    last = file.read_row_group(file.num_row_groups - 1).to_batches(_ROWS)[-1:] if file.num_row_groups else []
    batches = [batch for batch in (first, *last) if batch is not None]
    rows = [[_text(value) for value in row.values()] for batch in batches for row in batch.to_pylist()]
    names = list(file.schema_arrow.names)
    kinds = [_kind(field.type) for field in file.schema_arrow]
    return json.dumps({"names": names, "kinds": kinds, "rows": rows})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _kind(kind: pa.DataType) -> str:
    """date, timestamp, number or text."""
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    of_numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return "number" if any(is_kind(kind) for is_kind in of_numbers) else "text"
