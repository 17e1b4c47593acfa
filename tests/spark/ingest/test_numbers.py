"""Numbers as shops write them: read by their settings, otherwise recognised in words."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.reading.numbers import NumberFormat, number, recognised

ENGLISH = NumberFormat(thousands=",")
GERMAN = NumberFormat(decimal=",", thousands=".")
SWISS = NumberFormat(thousands="'")
FRENCH = NumberFormat(decimal=",", thousands=" ")
MARKED = NumberFormat(forms=("trailing_minus", "parentheses", "unicode_minus", "unit"))

READ: list[tuple[NumberFormat, str, float | None]] = [
    (NumberFormat(), "1.120", 1.12),
    (NumberFormat(), "+7", 7.0),
    (NumberFormat(), "7.", 7.0),
    (NumberFormat(), "1e3", 1000.0),
    (NumberFormat(), "1,234", None),
    (NumberFormat(), "5-", None),
    (ENGLISH, "1,234", 1234.0),
    (ENGLISH, "-1,234,567.50", -1234567.5),
    (ENGLISH, "12,34", None),
    (ENGLISH, "1234.5", 1234.5),
    (GERMAN, "1.120", 1120.0),
    (GERMAN, "12,5", 12.5),
    (GERMAN, "1.234.567,25", 1234567.25),
    (GERMAN, "1.5", None),
    (SWISS, "1'234", 1234.0),
    (SWISS, "1\u2019234.5", 1234.5),
    (FRENCH, "1\u202f234,5", 1234.5),
    (FRENCH, "1 234", 1234.0),
    (MARKED, "5-", -5.0),
    (MARKED, "(3)", -3.0),
    (MARKED, "\u22122", -2.0),
    (MARKED, "12 pcs", 12.0),
    (MARKED, "0.90 \u20ac", 0.9),
    (MARKED, "1e3", 1000.0),
    (MARKED, "1e12", None),
    (MARKED, "-", None),
]

WORDS = {
    "5-": "trailing_minus",
    "(3)": "parentheses",
    "\u22122": "unicode_minus",
    "12 pcs": "add unit",
    "1,234": "input.thousands to ','",
    "1,234.00": "input.thousands",
    "1 234": "input.thousands",
    "1'234": "input.thousands",
    "12,5": "input.decimal to ','",
    "'-4": "apostrophe",
    "\uff13": "digits of another script",
}


@pytest.mark.parametrize("written", dict.fromkeys(written for written, _, _ in READ), ids=str)
def test_numbers_are_read_in_the_configured_format_only(spark: SparkSession, written: NumberFormat) -> None:
    expected = {text: value for one, text, value in READ if one == written}
    texts = spark.createDataFrame([(text,) for text in expected], "text STRING")
    rows = texts.select("text", number(F.col("text"), written).alias("value")).collect()
    assert {row["text"]: row["value"] for row in rows} == expected


def test_other_forms_are_recognised_with_their_setting(spark: SparkSession) -> None:
    texts = spark.createDataFrame([(text,) for text in (*WORDS, "many", None)], "text STRING")
    words = {
        row["text"]: row["words"] for row in texts.withColumn("words", recognised(F.col("text"))).collect()
    }
    assert {text: words.pop(text) for text in ("many", None)} == {"many": "", None: ""}
    assert {text for text, hint in WORDS.items() if hint not in words[text]} == set()
