"""Date forms and patterns that the configuration accepts are valid for Spark."""

from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config.values.date_forms import date_form_fault
from lepton_spark.config.values.patterns import pattern_fault
from lepton_spark.ingest.lines.reading.parsing import sold_at, sold_on

SEVENTH_OF_MARCH = {
    "yyyy-MM-dd": "2021-03-07",
    "d.M.yy": "7.3.21",
    "yyyyMMdd": "20210307",
    "yyyyyy-MM-dd": "002021-03-07",
    "dd MMM yyyy": "07 Mar 2021",
    "dd LLLL yyyy": "07 March 2021",
    "G yyyy-MM-dd": "AD 2021-03-07",
    "yyyyDDD": "2021066",
    "yyyy年MM月dd日": "2021年03月07日",
    "d 'de' MM yyyy": "7 de 03 2021",
    "yyyy-MM-dd hh:mm a": "2021-03-07 01:30 PM",
    "yyyy-MM-dd KK:mm a": "2021-03-07 00:30 PM",
    "yyyy-MM-dd kk:mm": "2021-03-07 24:30",
    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS": "2021-03-07 13:30:02.123",
    "yyyy-MM-dd HH:mm:ss[.SSS]": "2021-03-07 13:30:02",
    "yyyy-MM-dd'T'HH:mm:ssXXXXX": "2021-03-07T13:30:02+01:00",
    "yyyy-MM-dd HH:mm xxx": "2021-03-07 13:30 +01:00",
    "yyyy-MM-dd HH:mm ZZZZZ": "2021-03-07 13:30 +01:00",
    "yyyy-MM-dd HH:mm VV": "2021-03-07 13:30 Europe/Berlin",
    "yyyy-MM-dd HH:mm zzz": "2021-03-07 13:30 CET",
    "yyyy-MM-dd HH:mm O": "2021-03-07 13:30 GMT+1",
}


def test_accepted_date_forms_parse_in_spark(spark: SparkSession) -> None:
    assert {form: date_form_fault(form) for form in SEVENTH_OF_MARCH} == dict.fromkeys(SEVENTH_OF_MARCH)
    days = [
        F.try_to_timestamp(F.lit(text), F.lit(form)).cast("date") for form, text in SEVENTH_OF_MARCH.items()
    ]
    row = spark.range(1).select(F.array(*days).alias("days")).first()
    assert row is not None
    assert dict(zip(SEVENTH_OF_MARCH, row["days"], strict=True)) == dict.fromkeys(
        SEVENTH_OF_MARCH, date(2021, 3, 7)
    )


@pytest.mark.parametrize("pattern", [r"\p{L}+\z", r"(?<n>x)\k<n>|abc", "[a-c]{3}", "(?i)ABC"])
def test_accepted_patterns_match_in_spark(spark: SparkSession, pattern: str) -> None:
    assert pattern_fault(pattern) is None
    row = spark.range(1).select(F.lit("abc").rlike(pattern).alias("matches")).first()
    assert row is not None
    assert row["matches"]


NUMBERS = {
    "excel_day": {
        "46266.5": ("2026-09-01 10:00:00", "2026-09-01"),  # noon in Berlin
        "46266.99": ("2026-09-01 21:45:36", "2026-09-01"),
        "46266": (None, "2026-09-01"),
        "1": (None, "1899-12-31"),
        "2026-09-01": (None, None),
    },
    "epoch_seconds": {
        "1788213600": ("2026-08-31 22:00:00", "2026-09-01"),  # midnight in Berlin
        "soon": (None, None),
    },
    "epoch_milliseconds": {"1788213600000": ("2026-08-31 22:00:00", "2026-09-01")},
}


@pytest.mark.parametrize("form", NUMBERS)
def test_dates_as_numbers_are_read_by_named_forms(spark: SparkSession, form: str) -> None:
    assert date_form_fault(form) is None
    zone, text = "Europe/Berlin", F.col("text")
    texts = spark.createDataFrame([(given,) for given in NUMBERS[form]], "text STRING")
    timed = texts.withColumn("at", sold_at(text, [form], zone).cast("timestamp"))
    day = sold_on(text, F.col("at"), [form], zone).cast("string").alias("day")
    rows = timed.select("text", F.col("at").cast("string").alias("at"), day).collect()
    assert {row["text"]: (row["at"], row["day"]) for row in rows} == NUMBERS[form]
