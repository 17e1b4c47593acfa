"""Files to raw lines of one shape, whatever their format: file, line_number, values, malformed, raw.

`values` are texts in the order of the file's `columns`; `malformed` says why there are none,
`raw` what stood there.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from itertools import chain
from operator import itemgetter

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StringType, TimestampNTZType, TimestampType

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, content_of, escaped, numbers_by
from lepton_spark.ingest.files.inspection import Inspection, chunks, inspect, read_text
from lepton_spark.ingest.files.layout import Layout, Row, UnreadableFileError, check_columns, in_order
from lepton_spark.ingest.lines.parsing import quoted

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


@dataclass(frozen=True)
class TypedForm:
    """How a typed day or instant is written as text, and the form it is read back by."""

    written: str
    read: str


TYPED_FORMS: Mapping[type[DataType], TypedForm] = {
    DateType: TypedForm("yyyy-MM-dd", "yyyy-MM-dd"),
    TimestampType: TypedForm("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX"),
    TimestampNTZType: TypedForm("yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"),
}


@dataclass(frozen=True)
class RawLines:
    """The lines of a load and the forms of typed dates among them; text has none of its own."""

    frame: DataFrame
    typed_forms: tuple[str, ...] = ()


def inspect_files(spark: SparkSession, found: Sequence[FoundFile], layout: Layout) -> list[Inspection]:
    """Inspects every file on the workers, in the order given."""
    if not found:
        return []
    rows = content_of(spark, found).mapInArrow(_inspector(layout), "path STRING, inspection STRING").collect()
    by_path = {row["path"]: json.loads(row["inspection"]) for row in rows}
    return [_inspection(by_path[file.path]) for file in found]


def inspect_table(spark: SparkSession, found: FoundFile, layout: Layout) -> Inspection:
    """A Delta table's columns and number of rows."""
    frame = _table(spark, found)
    try:
        check_columns(frame.columns, layout)
    except UnreadableFileError as fault:
        return Inspection(reason=fault.reason, words=fault.words)
    counts = frame.select(F.count("*").alias("lines"), *map(_nulls, frame.columns)).first()
    missing = {} if counts is None else {name: counts[name] for name in frame.columns}
    return Inspection(in_order(frame.columns, layout), 0 if counts is None else counts["lines"], missing)


def read_lines(spark: SparkSession, loaded: Sequence[ReadFile], layout: Layout, date_column: str) -> RawLines:
    """The raw lines of all files of a load."""
    if layout.format in ("csv", "json"):
        content = content_of(spark, [read.file for read in loaded])
        return RawLines(content.mapInArrow(_line_reader(layout, loaded), RAW_LINES))
    groups = (
        [_typed_lines(_table(spark, loaded[0].file), loaded, date_column)]
        if layout.format == "delta"
        else [_typed_lines(_parquet(spark, group), group, date_column) for group in _by_layout(loaded)]
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
    return Inspection(**{**found, "columns": tuple(found["columns"])})  # type: ignore[arg-type]  # what asdict wrote


def _line_reader(layout: Layout, loaded: Sequence[ReadFile]) -> Callable[[Batches], Batches]:
    numbers = numbers_by(loaded)

    def read_batches(batches: Batches) -> Batches:
        for batch in batches:
            for path, content in zip(*batch.columns, strict=True):
                names, rows = read_text(path.as_py(), content.as_py(), layout)
                order = [names.index(name) for name in in_order(names, layout)]
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


def _parquet(spark: SparkSession, group: Sequence[ReadFile]) -> DataFrame:
    frame = spark.read.parquet(*(escaped(read.file.path) for read in group))
    nanoseconds = group[0].inspection.nanoseconds
    frame = frame.withColumns({name: _instant(name, in_utc) for name, in_utc in nanoseconds.items()})
    numbers = spark.createDataFrame(
        [(read.file.uri, read.number) for read in group], f"__uri STRING, {_FILE} INT"
    )
    placed = frame.withColumns(
        {"__uri": F.col("_metadata.file_path"), _LINE: F.col("_metadata.row_index") + 1}
    )
    return placed.join(F.broadcast(numbers), "__uri")


def _instant(name: str, in_utc: bool) -> Column:
    """A count of nanoseconds, as pandas writes instants, to the microsecond; cut, never rounded up."""
    instant = F.timestamp_micros(F.floor(F.col(quoted(name)).cast("decimal(19,0)") / 1000).cast("bigint"))
    return instant if in_utc else instant.cast("timestamp_ntz")


_FILE = "__file"
_LINE = "__line"


def _table(spark: SparkSession, found: FoundFile) -> DataFrame:
    version = found.path.rpartition("@")[2]
    return spark.read.format("delta").option("versionAsOf", version).load(found.uri)


def _typed_lines(frame: DataFrame, group: Sequence[ReadFile], date_column: str) -> RawLines:
    """Rows of typed columns as raw lines; a number, a day or an instant becomes text by a fixed form."""
    columns = group[0].inspection.columns
    lines = frame.select(
        F.col(_FILE).cast("int").alias("file")
        if _FILE in frame.columns
        else F.lit(group[0].number).alias("file"),
        F.col(_LINE).alias("line_number")
        if _LINE in frame.columns
        else F.lit(None).cast("bigint").alias("line_number"),
        F.array(*(_as_text(name, frame.schema[name].dataType) for name in columns)).alias("values"),
        F.lit(None).cast("string").alias("malformed"),
        F.lit(None).cast("string").alias("raw"),
    )
    form = TYPED_FORMS.get(type(frame.schema[date_column].dataType))
    return RawLines(lines, () if form is None else (form.read,))


def _as_text(name: str, kind: DataType) -> Column:
    column = F.col(quoted(name))
    form = TYPED_FORMS.get(type(kind))
    if form is not None:
        return F.date_format(column, form.written)
    if isinstance(kind, StringType):
        return column
    simple = kind.typeName() not in ("array", "map", "struct", "variant")
    return column.cast("string") if simple else F.to_json(column)


def _nulls(name: str) -> Column:
    return F.count_if(F.isnull(quoted(name))).alias(name)
