"""Delivered files to inspections and raw lines, for every format."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, content_of, numbers_by_path
from lepton_spark.ingest.files.inspection import Inspection, inspect, read_columns
from lepton_spark.ingest.files.layout import (
    Layout,
    UnreadableFileError,
    check_columns,
    quoted_column,
    stored_order,
)
from lepton_spark.ingest.files.line_batches import N_POSITION
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.files.typed_lines import delta_lines, delta_table, parquet_lines

_POSITION = "file INT, line_number BIGINT, malformed STRING, raw STRING"

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


def read_lines(spark: SparkSession, loaded: Sequence[ReadFile], layout: Layout) -> list[RawLines]:
    """The raw lines of all files of a load, in groups of files with the same columns.

    Text files are one group with the columns of all of them, null where a file lacks one.
    """
    if layout.format == "delta":
        return [delta_lines(spark, loaded[0])]
    if layout.format == "parquet":
        return [parquet_lines(spark, group) for group in _by_layout(loaded)]
    names = stored_order({name for read in loaded for name in read.inspection.columns}, layout)
    sources = (f"source_{position} STRING" for position in range(len(names)))
    content = content_of(spark, [read.file for read in loaded])
    frame = content.mapInArrow(_line_reader(layout, loaded, names), ", ".join([_POSITION, *sources]))
    return [RawLines(names, frame)]


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


def _line_reader(
    layout: Layout, loaded: Sequence[ReadFile], columns: Sequence[str]
) -> Callable[[Batches], Batches]:
    numbers = numbers_by_path(loaded)

    def read_batches(batches: Batches) -> Batches:
        for batch in batches:
            for path, content in zip(*batch.columns, strict=True):
                names, lines = read_columns(path.as_py(), content.as_py(), layout)
                for chunk in lines:
                    yield _of_load(numbers[path.as_py()], chunk, names, columns)

    return read_batches


def _of_load(
    file: int, batch: pa.RecordBatch, names: Sequence[str], columns: Sequence[str]
) -> pa.RecordBatch:
    """A file's lines with its number and the columns of all files of the load."""
    by_name = dict(zip(names, batch.columns[N_POSITION:], strict=True))
    absent = pa.nulls(batch.num_rows, pa.string())
    number = pa.repeat(pa.scalar(file, pa.int32()), batch.num_rows)
    sources = [by_name.get(name, absent) for name in columns]
    arrays = [number, *batch.columns[:N_POSITION], *sources]
    names_of_all = [f"source_{position}" for position in range(len(columns))]
    return pa.RecordBatch.from_arrays(arrays, ["file", *batch.schema.names[:N_POSITION], *names_of_all])


def _by_layout(loaded: Sequence[ReadFile]) -> list[list[ReadFile]]:
    groups: dict[str, list[ReadFile]] = {}
    for read in loaded:
        groups.setdefault(read.inspection.layout, []).append(read)
    return list(groups.values())
