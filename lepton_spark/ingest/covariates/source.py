"""Reading a covariate source: text to values, and a reason for each row that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lepton_spark.config import CovariateSettings
from lepton_spark.config.values.file_formats import FileFormat
from lepton_spark.config.values.reader_options import reader_options
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.ingest.files.delivery import resolve
from lepton_spark.ingest.files.layout import quoted_column
from lepton_spark.ingest.lines.identity import MASK
from lepton_spark.tables.schemas.schema import SERIES_KEY

CSV_OPTIONS = {"separator": "sep", "encoding": "encoding", "quote": "quote", "compression": "compression"}

CONFLICT = "conflicting_rows"
"""Reason for rows with one key and different values: which of them is right is unknown."""


@dataclass(frozen=True)
class CovariateColumn:
    """A column of a covariate table, computed from a source row.

    reason: why a row is rejected if the value is null; None: null is allowed.
    is_given: whether the source row has a value at all; a row without one is then allowed. None: a value
    is required.
    """

    name: str
    value: Column
    reason: str | None = None
    is_given: Column | None = None

    @property
    def is_invalid(self) -> Column:
        """Whether a row is rejected because of this column."""
        return self.value.isNull() if self.is_given is None else self.value.isNull() & self.is_given


@dataclass(frozen=True)
class CovariateSource:
    """A configured source of covariates and the table `name` that it fills.

    source_columns: names of the source's columns that are read. columns: of the table; their reasons are
    checked in this order. row_checks: further reasons with their conditions, checked first.
    key: columns for which rows must not differ; empty: rows may. per_row: columns besides the series key
    that may differ between the rows of a series; empty: all may. personal: source columns that are masked in
    rejected rows.
    """

    name: str
    settings: CovariateSettings
    source_columns: Sequence[str]
    columns: Sequence[CovariateColumn]
    row_checks: Sequence[tuple[str, Column]] = ()
    key: Sequence[str] = ()
    per_row: Sequence[str] = ()
    personal: Sequence[str] = ()


def source_text(name: str) -> Column:
    """A column of the source as text."""
    return F.col(quoted_column(name)).cast("string")


def read_covariates(spark: SparkSession, source: CovariateSource) -> DataFrame:
    """Every row of the source: the table's columns, `line` (JSON) and `reason` (null for a good row).

    Raises: InputError when the source lacks a mapped column, has another format, or cannot be read.
    """
    rows = _read(spark, source)
    _require_columns(source, rows.columns)
    line = F.to_json(F.struct(*(_shown(name, source).alias(name) for name in source.source_columns)))
    columns = (column.value.alias(column.name) for column in source.columns)
    checked = rows.select(line.alias("line"), _reason(source).alias("reason"), *columns)
    names = [column.name for column in source.columns]
    if source.key:
        checked = _with_conflicts(checked, source.key, names)
    if source.per_row:
        shared = [name for name in names if name not in source.per_row]
        checked = _with_conflicts(checked, SERIES_KEY, shared)
    return checked


def _shown(name: str, source: CovariateSource) -> Column:
    """A column of the source as rejected rows show it."""
    text = source_text(name)
    return F.when(text.isNotNull(), F.lit(MASK)) if name in source.personal else text


def _require_columns(source: CovariateSource, found: Sequence[str]) -> None:
    subject = f"{source.name} {source.settings.path}"
    if not all(name.isprintable() for name in found):
        remedy = f"Set {source.name}.format to the format of the file: {', '.join(get_args(FileFormat))}."
        raise InputError(explain(subject, "column names that are not text", source.settings.format, remedy))
    missing = [name for name in source.source_columns if name not in found]
    if missing:
        words = f"no column {examples(missing)}; there are {examples(found)}"
        remedy = f"Map them under {source.name}.columns."
        raise InputError(explain(subject, words, "every mapped column", remedy))


def _reason(source: CovariateSource) -> Column:
    """The first reason that applies to a row."""
    invalid = [(column.reason, column.is_invalid) for column in source.columns if column.reason]
    checks = [*source.row_checks, *invalid]
    return F.coalesce(*(F.when(condition, F.lit(reason)) for reason, condition in checks))


def _with_conflicts(rows: DataFrame, key: Sequence[str], columns: Sequence[str]) -> DataFrame:
    """Rejects the good rows of every key for which they differ in these columns."""
    values = F.when(F.col("reason").isNull(), F.xxhash64(*columns))
    of_key = Window.partitionBy(*key)
    differ = F.min(values).over(of_key) != F.max(values).over(of_key)
    return rows.withColumn(
        "reason", F.when(F.col("reason").isNull() & differ, CONFLICT).otherwise(F.col("reason"))
    )


def _read(spark: SparkSession, source: CovariateSource) -> DataFrame:
    settings = source.settings
    options = reader_options(settings.options)
    path = resolve(settings.path)
    try:
        if settings.format == "csv":
            given = {CSV_OPTIONS[name]: value for name, value in options.items() if name in CSV_OPTIONS}
            return spark.read.options(header=True, inferSchema=False, mode="PERMISSIVE", **given).csv(path)
        if settings.format == "json":
            return spark.read.options(primitivesAsString=True, **options).json(path)
        return spark.read.format(settings.format).options(**options).load(path)
    except AnalysisException as fault:
        found, remedy = str(fault).splitlines()[0], f"Correct {source.name}.path or {source.name}.format."
        raise InputError(explain(f"{source.name} {settings.path}", found, settings.format, remedy)) from fault
