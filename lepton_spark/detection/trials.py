"""Tries forms of dates and numbers on sampled columns with the functions that read lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from pyspark.sql import Column, Row, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config.values.date_forms import NAMED_FORMS
from lepton_spark.detection.sampled_lines import SampledLines
from lepton_spark.ingest.files.date_forms import shape
from lepton_spark.ingest.lines.reading.numbers import NumberFormat, number
from lepton_spark.ingest.lines.reading.parsing import sold_at, sold_on

DAY_FORMS = (
    *("yyyy-MM-dd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyyMMdd"),
    *("yyyy-M-d", "yyyy/M/d", "yyyy\u5e74M\u6708d\u65e5"),
    *(
        f"{first}{sign}{second}{sign}{year}"
        for sign, (first, second), year in product("./-", (("d", "M"), ("M", "d")), ("yyyy", "yy"))
    ),
    *("d MMM yyyy", "d-MMM-yyyy", "d-MMM-yy", "MMM d, yyyy"),
)
_TIMES = (
    *("", " H:mm", " HH:mm:ss", " HH:mm:ss.SSS", "'T'HH:mm:ss", "'T'HH:mm:ss.SSS", "'T'HH:mm:ss.SSSSSS"),
    *("'T'HH:mm:ssXXX", "'T'HH:mm:ss.SSSXXX", " HH:mm:ssXXX", " HH:mm:ss Z", " h:mm a", " h:mm:ss a"),
)
DATE_FORMS = (*(day + time for day, time in product(DAY_FORMS, _TIMES)), *NAMED_FORMS)
"""The forms that are tried; of several that fit all texts, the first is proposed."""

NUMBER_FORMS = ("trailing_minus", "parentheses", "unicode_minus", "unit")
NUMBER_FORMATS = tuple(
    NumberFormat(decimal, thousands, NUMBER_FORMS)
    for decimal, thousands in (
        *((".", None), (",", None), (".", ","), (",", ".")),
        *((".", "'"), (".", " "), (",", " ")),
    )
)
"""The signs that are tried, each with all further forms; of several that read most, the first is taken."""


@dataclass(frozen=True)
class DateFit:
    """How many of a column's values a form reads, and the days among them.

    weekdays: on how many different weekdays these days are.
    """

    form: str
    n_read: int
    first: date
    last: date
    weekdays: int


@dataclass(frozen=True)
class ColumnTrial:
    """What the trials found in a column of text.

    n_values: sampled values that are not empty. dates: the forms that read any. numbers: values read by each
    format of NUMBER_FORMATS that reads any.
    """

    n_values: int = 0
    dates: tuple[DateFit, ...] = ()
    numbers: Mapping[NumberFormat, int] = field(default_factory=dict)


def try_columns(spark: SparkSession, lines: SampledLines) -> dict[str, ColumnTrial]:
    """The trials of all columns of text, in one query."""
    texts = {name: lines.texts(name) for name in lines.names if lines.kinds[name] == "text"}
    forms = [form for form in DATE_FORMS if any(_may_fit(form, found) for found in texts.values())]
    values = [(name, text, n) for name, found in texts.items() for text, n in found.items()]
    if not values:
        return {name: ColumnTrial() for name in texts}
    frame = spark.createDataFrame(values, "name STRING, text STRING, n BIGINT")
    rows = frame.groupBy("name").agg(F.sum("n").alias("n"), *_numbers(), *_dates(forms)).collect()
    found = {row["name"]: _trial(row, forms) for row in rows}
    return {name: found.get(name, ColumnTrial()) for name in texts}


def _numbers() -> Iterable[Column]:
    for position, written in enumerate(NUMBER_FORMATS):
        yield _read_values(number(F.col("text"), written)).alias(f"number_{position}")


def _dates(forms: Sequence[str]) -> Iterable[Column]:
    for position, form in enumerate(forms):
        day = sold_on(F.col("text"), sold_at(F.col("text"), [form], "UTC").cast("timestamp"), [form], "UTC")
        yield _read_values(day).alias(f"read_{position}")
        yield F.min(day).alias(f"first_{position}")
        yield F.max(day).alias(f"last_{position}")
        yield F.size(F.collect_set(F.weekday(day))).alias(f"weekdays_{position}")


def _read_values(value: Column) -> Column:
    return F.sum(F.when(value.isNotNull(), F.col("n")).otherwise(0))


def _may_fit(form: str, texts: Iterable[str]) -> bool:
    """Whether any text looks like the form; only such forms are worth a trial."""
    looks = shape(form)
    return any(looks.fullmatch(text) for text in texts)


def _trial(row: Row, forms: Sequence[str]) -> ColumnTrial:
    dates = tuple(
        DateFit(form, *(row[f"{name}_{position}"] for name in ("read", "first", "last", "weekdays")))
        for position, form in enumerate(forms)
        if row[f"read_{position}"]
    )
    numbers = {
        written: row[f"number_{position}"]
        for position, written in enumerate(NUMBER_FORMATS)
        if row[f"number_{position}"]
    }
    return ColumnTrial(row["n"], dates, numbers)
