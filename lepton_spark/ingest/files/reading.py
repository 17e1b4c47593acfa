"""Delivered files to inspections and raw lines, for every format."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import reduce
from itertools import chain
from operator import itemgetter

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, content_of, numbers_by_path
from lepton_spark.ingest.files.inspection import Inspection, chunks, inspect, read_text
from lepton_spark.ingest.files.layout import (
    Layout,
    Row,
    UnreadableFileError,
    check_columns,
    quoted_column,
    stored_order,
)
from lepton_spark.ingest.files.typed_lines import RawLines, delta_lines, delta_table, parquet_lines

RAW_LINES = "file INT, line_number BIGINT, values ARRAY<STRING>, malformed STRING, raw STRING"
_ARROW_LINES = pa.schema(
    [
        ("file", pa.int32()),
        ("line_number", pa.int64()),
        ("values", pa.list_(pa.string())),
        ("malformed", pa.string()),
        ("raw", pa.string()),
    ]
)

Batches = Iterator[pa.RecordBatch]


def inspect_files(spark: SparkSession, found: Sequence[FoundFile], layout: Layout) -> list[Inspection]:
    """Inspects the files on Spark's workers; one inspection per file, in the same order."""
    if not found:
        return []
    rows = content_of(spark, found).mapInArrow(_inspector(layout), "path STRING, inspection STRING").collect()
    by_path = {row["path"]: json.loads(row["inspection"]) for row in rows}
    return [_inspection(by_path[file.path]) for file in found]


def inspect_table(spark: SparkSession, found: FoundFile, layout: Layout) -> Inspection:
    """A Delta table's columns and number of rows."""
    frame = delta_table(spark, found)
    try:
        check_columns(frame.columns, layout)
    except UnreadableFileError as fault:
        return Inspection(reason=fault.reason, words=fault.words)
    nulls = (F.count_if(F.isnull(quoted_column(name))).alias(name) for name in frame.columns)
    counts = frame.select(F.count("*").alias("lines"), *nulls).first()
    missing = {} if counts is None else {name: counts[name] for name in frame.columns}
    return Inspection(stored_order(frame.columns, layout), 0 if counts is None else counts["lines"], missing)


def read_lines(spark: SparkSession, loaded: Sequence[ReadFile], layout: Layout, date_column: str) -> RawLines:
    """The raw lines of all files of a load; date_column: the source column with the day of sale."""
    if layout.format in ("csv", "json"):
        content = content_of(spark, [read.file for read in loaded])
        return RawLines(content.mapInArrow(_line_reader(layout, loaded), RAW_LINES))
    groups = (
        [delta_lines(spark, loaded[0], date_column)]
        if layout.format == "delta"
        else [parquet_lines(spark, group, date_column) for group in _by_layout(loaded)]
    )
    frame = reduce(DataFrame.unionByName, (group.frame for group in groups))
    return RawLines(frame, tuple(dict.fromkeys(form for group in groups for form in group.typed_forms)))


def _inspector(layout: Layout) -> Callable[[Batches], Batches]:
    def inspect_batches(batches: Batches) -> Batches:
        for batch in batches:
            for path, content in zip(*batch.columns, strict=True):
                found = inspect(path.as_py(), content.as_py(), layout)
                words = json.dumps(asdict(found), ensure_ascii=False)
                yield pa.RecordBatch.from_pydict({"path": [path.as_py()], "inspection": [words]})

    return inspect_batches


def _inspection(found: dict[str, object]) -> Inspection:
    return Inspection(**{**found, "columns": tuple(found["columns"])})  # type: ignore[arg-type]  # the fields that asdict wrote


def _line_reader(layout: Layout, loaded: Sequence[ReadFile]) -> Callable[[Batches], Batches]:
    numbers = numbers_by_path(loaded)

    def read_batches(batches: Batches) -> Batches:
        for batch in batches:
            for path, content in zip(*batch.columns, strict=True):
                names, rows = read_text(path.as_py(), content.as_py(), layout)
                order = [names.index(name) for name in stored_order(names, layout)]
                for chunk in chunks(rows):
                    yield _arrow_lines(numbers[path.as_py()], chunk, order)

    return read_batches


def _arrow_lines(file: int, chunk: list[Row], order: list[int]) -> pa.RecordBatch:
    line_numbers, values, malformed, raw = zip(*chunk, strict=True)
    pick = itemgetter(*order)
    width = len(order)
    flat = list(chain.from_iterable(pick(row) for row in values if row is not None))
    ends = [0]
    for row in values:
        ends.append(ends[-1] + (width if row is not None else 0))
    offsets = pa.array(ends, pa.int32())
    mask = pa.array([row is None for row in values])
    columns = [
        pa.array([file] * len(chunk), pa.int32()),
        pa.array(line_numbers, pa.int64()),
        pa.ListArray.from_arrays(offsets, pa.array(flat, pa.string()), mask=mask),
        pa.array(malformed, pa.string()),
        pa.array(raw, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_ARROW_LINES)


def _by_layout(loaded: Sequence[ReadFile]) -> list[list[ReadFile]]:
    groups: dict[str, list[ReadFile]] = {}
    for read in loaded:
        groups.setdefault(read.inspection.layout, []).append(read)
    return list(groups.values())
