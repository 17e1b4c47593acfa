"""Rows of Parquet files and Delta tables as raw lines, with the types that they have there."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, escaped
from lepton_spark.ingest.files.layout import quoted_column
from lepton_spark.ingest.files.raw_lines import RawLines, source_columns

_FILE = "__file"
_LINE = "__line"


def delta_table(spark: SparkSession, found: FoundFile) -> DataFrame:
    """The version of a Delta table that its path names after the @."""
    version = found.path.rpartition("@")[2]
    return spark.read.format("delta").option("versionAsOf", version).load(found.uri)


def delta_lines(spark: SparkSession, read: ReadFile) -> RawLines:
    """The rows of a Delta table as raw lines. Delta does not number rows, so line_number is a hash."""
    frame = delta_table(spark, read.file)
    values = [F.col(quoted_column(name)) for name in read.inspection.columns]
    row_hash = F.pmod(F.xxhash64(F.to_json(F.struct(*values))), F.lit(1 << 62)) + 1
    numbered = frame.withColumns({_FILE: F.lit(read.number), _LINE: row_hash})
    return _raw_lines(numbered, read.inspection.columns)


def parquet_lines(spark: SparkSession, group: Sequence[ReadFile]) -> RawLines:
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
    return _raw_lines(numbered, inspection.columns)


def _instant(name: str, in_utc: bool) -> Column:
    """An instant from an integer of nanoseconds, rounded down to the microsecond."""
    nanoseconds = F.col(quoted_column(name)).cast("decimal(19,0)")
    instant = F.timestamp_micros(F.floor(nanoseconds / 1000).cast("bigint"))
    return instant if in_utc else instant.cast("timestamp_ntz")


def _raw_lines(frame: DataFrame, columns: Sequence[str]) -> RawLines:
    lines = frame.select(
        F.col(_FILE).cast("int").alias("file"),
        F.col(_LINE).alias("line_number"),
        F.lit(None).cast("string").alias("malformed"),
        F.lit(None).cast("string").alias("raw"),
        *source_columns([F.col(quoted_column(name)) for name in columns]),
    )
    return RawLines(tuple(columns), lines)
