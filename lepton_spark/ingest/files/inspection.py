"""Inspection of a file before its lines are loaded: readability, columns, number of lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lepton_spark.ingest.files.date_texts import DateTexts
from lepton_spark.ingest.files.layout import Layout, Row, UnreadableFileError, check_columns, stored_order
from lepton_spark.ingest.files.line_batches import N_POSITION, ROWS_AT_ONCE, batches_of, plain_batches
from lepton_spark.ingest.files.point_forms import PointForms
from lepton_spark.ingest.files.text.csv_lines import read_csv
from lepton_spark.ingest.files.text.json_lines import read_json
from lepton_spark.ingest.files.text.plain_csv import plain_table
from lepton_spark.ingest.files.text.text_files import decoded
from lepton_spark.ingest.files.wide import lines_of_days
from lepton_spark.ingest.files.workbooks.sheet import read_workbook


@dataclass(frozen=True)
class Inspection:
    """The columns of a file in stored order, or the reason why it is refused.

    missing: lines without a value, by column. layout: the schema of a Parquet file; files of equal schemas
    are read together. nanoseconds: timestamp columns in nanoseconds, which Spark reads as integers, and
    whether they are in UTC. date_hint: which form fits every date of a text file. words: the reason in words.
    parts: into how many parts the file can be divided for reading. last_line: the greatest line number of a
    wide file, whose numbers have gaps.
    """

    columns: tuple[str, ...] = ()
    lines: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    layout: str = ""
    nanoseconds: dict[str, bool] = field(default_factory=dict)
    date_hint: str | None = None
    reason: str | None = None
    words: str | None = None
    parts: int = 1
    last_line: int = 0


def inspect(name: str, content: bytes, layout: Layout) -> Inspection:
    """Reads a file to its end; a fault anywhere refuses the file."""
    try:
        return (
            _inspect_parquet(content, layout)
            if layout.format == "parquet"
            else _inspect_text(name, content, layout)
        )
    except UnreadableFileError as fault:
        return Inspection(reason=fault.reason, words=fault.words)


def read_text(name: str, content: bytes, layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """Columns and lines of a CSV or JSON file."""
    text = decoded(name, content, layout)
    return read_json(text, layout) if layout.format == "json" else read_csv(text, layout)


def read_columns(name: str, content: bytes, layout: Layout) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """Columns and lines of a file of text or a workbook; batches of line_number, malformed, raw and these."""
    names, batches = _read_columns(name, content, layout)
    return lines_of_days(names, batches, layout) if layout.day_forms else (names, batches)


def _read_columns(name: str, content: bytes, layout: Layout) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    if layout.format == "excel":
        names, rows = read_workbook(content, layout)
        return names, batches_of(rows, names)
    text = decoded(name, content, layout)
    if layout.format == "csv":
        names = read_csv(text, layout)[0]  # the reader's copy of the text is not kept
        plain = plain_table(text, names, layout)
        if plain is not None:
            return names, plain_batches(plain, 2 if layout.has_header else 1)
    names, rows = read_json(text, layout) if layout.format == "json" else read_csv(text, layout)
    return names, batches_of(rows, names)


def _inspect_text(name: str, content: bytes, layout: Layout) -> Inspection:
    names, batches = read_columns(name, content, layout)
    lines, last, missing = 0, 0, dict.fromkeys(names, 0)
    dates = DateTexts()
    points = {name: PointForms() for name in layout.numbers}
    for batch in batches:
        lines += batch.num_rows
        last = max(last, pc.max(batch.column("line_number")).as_py() or 0) if layout.day_forms else 0
        n_malformed = batch.num_rows - batch.column("malformed").null_count
        for column, texts in zip(names, batch.columns[N_POSITION:], strict=True):
            n_empty = texts.null_count + (pc.sum(pc.equal(texts, "")).as_py() or 0)
            missing[column] += n_empty - n_malformed
            if column == layout.date:
                dates.count(texts.unique().to_pylist())
            if column in points:
                points[column].count(texts.filter(pc.match_substring(texts, ".")).to_pylist())
    for column, forms in points.items():
        forms.require_clear(column)
    if not lines:
        raise UnreadableFileError(
            "no_lines", "content: found a header and no lines; allowed: at least one line. Check the delivery"
        )
    return Inspection(stored_order(names, layout), lines, missing, date_hint=dates.hint(), last_line=last)


def _inspect_parquet(content: bytes, layout: Layout) -> Inspection:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = list(file.schema_arrow.names)
        missing = dict.fromkeys(names, 0)
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for name, column in zip(names, batch.columns, strict=True):
                missing[name] += column.null_count
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise UnreadableFileError(
            "unreadable_parquet",
            f"content: found {' '.join(str(fault).split())[:300]}; allowed: a complete Parquet file. "
            "Have it delivered again",
        ) from fault
    check_columns(names, layout)
    if len(set(names)) < len(names):
        raise UnreadableFileError("wrong_header", "columns: found a name twice; allowed: each name once")
    nanoseconds = _nanoseconds(file.schema)
    schema = f"{file.schema_arrow.remove_metadata()} {sorted(nanoseconds)}"
    stored, metadata = stored_order(names, layout), file.metadata
    parts = max(1, metadata.num_row_groups)
    return Inspection(stored, metadata.num_rows, missing, schema, nanoseconds, parts=parts)


def _nanoseconds(schema: pq.ParquetSchema) -> dict[str, bool]:
    """Columns stored in nanoseconds, and whether in UTC; Arrow's schema also lists others."""
    stored = [schema.column(index) for index in range(len(schema))]
    kinds = {column.path: json.loads(column.logical_type.to_json()) for column in stored}
    return {
        name: kind["isAdjustedToUTC"]
        for name, kind in kinds.items()
        if kind["Type"] == "Timestamp" and kind["timeUnit"] == "nanoseconds"
    }
