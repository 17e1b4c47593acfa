"""Files of days written as midnights: their days are kept as written, whatever the time zone."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.date_forms import date_forms
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.reading import parsing

DAYS_AS_WRITTEN = "days_as_written"
"""Count of a file: lines with a time, if it is midnight in all of them, so that only the day is meant."""


def time_as_written(raw: RawLines, settings: InputSettings, forms: Sequence[str]) -> Column:
    """The date and time that a line shows, without conversion between time zones; null without a time."""
    name = settings.columns.date
    kind = raw.kind(name)
    if isinstance(kind, DateType):
        return F.lit(None).cast("timestamp")
    if parsing.typed_instant(raw.column(name), kind, settings.source_timezone) is not None:
        return raw.column(name).cast("timestamp")
    return parsing.as_written(parsing.trimmed(raw.text(name)), forms).cast("timestamp")


def files_of_midnights(groups: Sequence[tuple[InputSettings, RawLines]]) -> dict[int, int]:
    """The files in which every time is midnight, with the number of their lines that have a time.

    groups: lines with the settings of their source. Reads the files once, but only if a conversion between
    time zones could move their days.
    """
    movable = [(settings, raw) for settings, raw in groups if _may_move(raw, settings)]
    if not movable:
        return {}
    times = reduce(DataFrame.unionAll, (_times(raw, settings) for settings, raw in movable))
    is_midnight = F.col("at") == F.date_trunc("day", "at")
    by_file = times.where(F.col("at").isNotNull()).groupBy("file")
    found = by_file.agg(F.bool_and(is_midnight).alias("all"), F.count("*").alias("lines"))
    return {row["file"]: row["lines"] for row in found.where("all").collect()}


def _times(raw: RawLines, settings: InputSettings) -> DataFrame:
    at = time_as_written(raw, settings, date_forms(settings))
    return raw.frame.where(F.col("malformed").isNull()).select("file", at.alias("at"))


def _may_move(raw: RawLines, settings: InputSettings) -> bool:
    kind = raw.kind(settings.columns.date)
    is_typed = parsing.typed_instant(F.lit(None), kind, settings.source_timezone) is not None
    has_time = is_typed or any(map(parsing.has_time, date_forms(settings)))
    in_utc = settings.timezone == settings.source_timezone == "UTC"
    return has_time and not isinstance(kind, DateType) and not in_utc
