"""Columns of a Spark frame as codes, days and numbers; text is never parsed."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, NumericType, StringType, TimestampNTZType, TimestampType

from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.files.layout import quoted_column
from lepton_spark.ingest.lines.reading import parsing
from lepton_spark.ingest.lines.reading.numbers import typed_number


def code(frame: DataFrame, name: str) -> Column:
    """Ids as text without surrounding blanks, null where there is none.

    Raises: InputError for other types than text and numbers.
    """
    kind = frame.schema[name].dataType
    if not isinstance(kind, (StringType, NumericType)):
        raise _wrong_type(frame, name, "text or whole numbers", 'F.col(…).cast("string")')
    return parsing.code(F.col(quoted_column(name)), kind)


def day(frame: DataFrame, name: str, zone: str) -> Column:
    """Days, null where there is none. zone: of the business, in which instants are days.

    Raises: InputError for other types than dates and times.
    """
    kind, column = frame.schema[name].dataType, F.col(quoted_column(name))
    if isinstance(kind, TimestampType):
        return parsing.day_of(column, zone)
    if not isinstance(kind, (DateType, TimestampNTZType)):
        raise _wrong_type(frame, name, "dates", 'F.to_date(…, "yyyy-MM-dd"), with the format of your dates')
    return column.cast("date")


def number(frame: DataFrame, name: str) -> Column:
    """Numbers, null where there is none or an infinite one. Raises: InputError for other types."""
    if not isinstance(frame.schema[name].dataType, NumericType):
        raise _wrong_type(frame, name, "numbers", 'F.col(…).cast("double")')
    return typed_number(F.col(quoted_column(name)))


def _wrong_type(frame: DataFrame, name: str, allowed: str, remedy: str) -> InputError:
    found = frame.schema[name].dataType.simpleString()
    return InputError(
        explain(f"column {name!r}", found, allowed, f"Convert it: {remedy.replace('…', repr(name))}.")
    )
