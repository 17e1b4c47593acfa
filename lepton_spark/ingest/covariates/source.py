"""Inputs beside sales from their source: text to values by rule, what cannot be read named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lepton_spark.config import SideSettings
from lepton_spark.config.values.file_formats import FileFormat
from lepton_spark.config.values.reader_options import reader_options
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.ingest.files.delivery import resolve
from lepton_spark.ingest.lines.parsing import quoted

CSV_OPTIONS = {"separator": "sep", "encoding": "encoding", "quote": "quote", "compression": "compression"}

CONFLICT = "conflicting_rows"
"""Rows that say different things of the same key: which is right cannot be known."""


@dataclass(frozen=True)
class Fact:
    """A column of the table: what a row says, and why a row that does not say it is refused.

    fault: the reason where the value is null; None: null is good. told: whether the row says anything;
    where it is given, a row that says nothing is good.
    """

    name: str
    value: Column
    fault: str | None = None
    told: Column | None = None

    @property
    def wrong(self) -> Column:
        """Whether a row is refused for it."""
        return self.value.isNull() if self.told is None else self.value.isNull() & self.told


@dataclass(frozen=True)
class SideInput:
    """What is read from a source into the table `name`.

    mapped: the source's columns. facts: in the order in which their faults are looked for.
    faults: further reasons and their conditions, looked for first.
    key: facts of which rows may say one thing only.
    """

    name: str
    settings: SideSettings
    mapped: Sequence[str]
    facts: Sequence[Fact]
    faults: Sequence[tuple[str, Column]] = ()
    key: Sequence[str] = ()


def text_of(name: str) -> Column:
    """A column of the source as text."""
    return F.col(quoted(name)).cast("string")


def read_side_input(spark: SparkSession, side: SideInput) -> DataFrame:
    """Every row of the source: the facts, `line` and `reason` (null where the row is good).

    Raises: InputError when the source lacks a mapped column, is of another format, or cannot be read.
    """
    source = _source(spark, side)
    where = f"{side.name} {side.settings.path}"
    if not all(name.isprintable() for name in source.columns):
        remedy = f"Say what the file is in {side.name}.format: {', '.join(get_args(FileFormat))}."
        raise InputError(explain(where, "names of columns that are no text", side.settings.format, remedy))
    missing = [name for name in side.mapped if name not in source.columns]
    if missing:
        found = f"no column {examples(missing)}; there are {examples(source.columns)}"
        remedy = f"Map them under {side.name}.columns."
        raise InputError(explain(where, found, "every mapped column", remedy))
    line = F.to_json(F.struct(*(text_of(name).alias(name) for name in side.mapped)))
    facts = (fact.value.alias(fact.name) for fact in side.facts)
    judged = source.select(line.alias("line"), _reason(side).alias("reason"), *facts)
    return _without_conflicts(judged, side) if side.key else judged


def _reason(side: SideInput) -> Column:
    """The first of what is wrong with a row."""
    wrong = [(fact.fault, fact.wrong) for fact in side.facts if fact.fault]
    return F.coalesce(*(F.when(condition, F.lit(reason)) for reason, condition in [*side.faults, *wrong]))


def _without_conflicts(rows: DataFrame, side: SideInput) -> DataFrame:
    said = F.when(F.col("reason").isNull(), F.xxhash64(*(fact.name for fact in side.facts)))
    of_key = Window.partitionBy(*side.key)
    differ = F.min(said).over(of_key) != F.max(said).over(of_key)
    return rows.withColumn(
        "reason", F.when(F.col("reason").isNull() & differ, CONFLICT).otherwise(F.col("reason"))
    )


def _source(spark: SparkSession, side: SideInput) -> DataFrame:
    settings = side.settings
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
        found, remedy = str(fault).splitlines()[0], f"Mend {side.name}.path or {side.name}.format."
        raise InputError(explain(f"{side.name} {settings.path}", found, settings.format, remedy)) from fault
