"""Rows of Parquet files and Delta tables as raw lines: values of any type become text by fixed forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StringType, TimestampNTZType, TimestampType

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, escaped
from lepton_spark.ingest.files.layout import quoted_column

_FILE = "__file"
_LINE = "__line"


@dataclass(frozen=True)
class TypedForm:
    """The date form in which a typed day or instant is written as text, and the one that parses it again."""

    written: str
    read: str


TYPED_FORMS: Mapping[type[DataType], TypedForm] = {
    DateType: TypedForm("yyyy-MM-dd", "yyyy-MM-dd"),
    TimestampType: TypedForm("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX"),
    TimestampNTZType: TypedForm("yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"),
}


@dataclass(frozen=True)
class RawLines:
    """Raw lines: file, line_number, values, malformed, raw.

    values: texts in the order of the file's columns; null for a malformed line. malformed: what is wrong with
    the line. raw: its text. typed_forms: the date forms that parse the dates of typed columns; none for text.
    """

    frame: DataFrame
    typed_forms: tuple[str, ...] = ()


def delta_table(spark: SparkSession, found: FoundFile) -> DataFrame:
    """The version of a Delta table that its path names after the @."""
    version = found.path.rpartition("@")[2]
    return spark.read.format("delta").option("versionAsOf", version).load(found.uri)


def delta_lines(spark: SparkSession, read: ReadFile, date_column: str) -> RawLines:
    """The rows of a Delta table as raw lines, without line numbers."""
    frame = delta_table(spark, read.file)
    position = {_FILE: F.lit(read.number), _LINE: F.lit(None).cast("bigint")}
    return _raw_lines(frame.withColumns(position), read.inspection.columns, date_column)


def parquet_lines(spark: SparkSession, group: Sequence[ReadFile], date_column: str) -> RawLines:
    """The rows of Parquet files of one layout as raw lines."""
    inspection = group[0].inspection
    frame = spark.read.parquet(*(escaped(read.file.path) for read in group)).withColumns(
        {name: _instant(name, in_utc) for name, in_utc in inspection.nanoseconds.items()}
    )
    numbers = spark.createDataFrame(
        [(read.file.uri, read.number) for read in group], f"__uri STRING, {_FILE} INT"
    )
    positions = {"__uri": F.col("_metadata.file_path"), _LINE: F.col("_metadata.row_index") + 1}
    numbered = frame.withColumns(positions).join(F.broadcast(numbers), "__uri")
    return _raw_lines(numbered, inspection.columns, date_column)


def _instant(name: str, in_utc: bool) -> Column:
    """An instant from an integer of nanoseconds, rounded down to the microsecond."""
    nanoseconds = F.col(quoted_column(name)).cast("decimal(19,0)")
    instant = F.timestamp_micros(F.floor(nanoseconds / 1000).cast("bigint"))
    return instant if in_utc else instant.cast("timestamp_ntz")


def _raw_lines(frame: DataFrame, columns: Sequence[str], date_column: str) -> RawLines:
    lines = frame.select(
        F.col(_FILE).cast("int").alias("file"),
        F.col(_LINE).alias("line_number"),
        F.array(*(_as_text(name, frame.schema[name].dataType) for name in columns)).alias("values"),
        F.lit(None).cast("string").alias("malformed"),
        F.lit(None).cast("string").alias("raw"),
    )
    form = TYPED_FORMS.get(type(frame.schema[date_column].dataType))
    return RawLines(lines, () if form is None else (form.read,))


def _as_text(name: str, kind: DataType) -> Column:
    column = F.col(quoted_column(name))
    form = TYPED_FORMS.get(type(kind))
    if form is not None:
        return F.date_format(column, form.written)
    if isinstance(kind, StringType):
        return column
    simple = kind.typeName() not in ("array", "map", "struct", "variant")
    return column.cast("string") if simple else F.to_json(column)
