"""Forms of dates and numbers tried by the reader, and proposals for cases from practice."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.detection.day_columns import as_lines
from lepton_spark.detection.proposal import propose
from lepton_spark.detection.roles import Columns
from lepton_spark.detection.sampled_lines import SampledLines, sampled_lines
from lepton_spark.detection.samples import sample_of
from lepton_spark.detection.trials import try_columns
from lepton_spark.ingest.lines.reading.numbers import NumberFormat


def test_forms_read_as_many_values_as_the_reader_does(spark: SparkSession) -> None:
    """13 is no month, so only one form reads the second day; -1,5 has a decimal comma."""
    rows = (("1/9/2026", "1,5"), ("13/9/2026", "-1,5"), ("13/9/2026", "1.000"), ("", "n/a"))
    lines = SampledLines("csv", ("day", "qty"), {"day": "text", "qty": "text"}, rows)
    trials = try_columns(spark, lines)
    fits = {fit.form: fit for fit in trials["day"].dates}
    assert trials["day"].n_values == 3
    assert (fits["d/M/yyyy"].n_read, fits["M/d/yyyy"].n_read) == (3, 1)
    assert (fits["d/M/yyyy"].first, fits["d/M/yyyy"].last) == (date(2026, 9, 1), date(2026, 9, 13))
    assert (fits["d/M/yyyy"].weekdays, fits["M/d/yyyy"].weekdays) == (2, 1)  # a Tuesday and a Sunday
    read = {(written.decimal, written.thousands): n for written, n in trials["qty"].numbers.items()}
    assert (read[".", None], read[",", None], read[",", "."]) == (1, 2, 3)
    assert isinstance(next(iter(trials["qty"].numbers)), NumberFormat)


CASES = {
    "01-reexport": {
        "columns": {
            "date": "Created at",
            "product_id": "Lineitem sku",
            "quantity": "Lineitem quantity",
            "transaction_id": "Name",
        },
        "date_formats": ["yyyy-MM-dd HH:mm:ss Z"],
    },
    "03-number-forms": {"decimal": ",", "thousands": ".", "date_formats": ["d.M.yyyy"], "kind": "daily"},
    "04-signs-and-marks": {
        "number_forms": ["trailing_minus", "parentheses", "unicode_minus", "unit"],
        "thousands": ",",
    },
    "05-excel-serials": {"date_formats": ["excel_day"]},
    "06-day-month": {"date_formats": ["M/d/yyyy"]},
    "08-titles-and-totals": {"kind": "daily"},
    "10-backslash-quotes": {"options": {"escape": "\\"}},
    "11-wide": {
        "columns": {"date": "date", "product_id": "Product", "quantity": "quantity"},
        "layout": "wide",
        "kind": "daily",
        "date_formats": ["yyyy-MM-dd"],
    },
    "12-weekly-mondays": {"frequency": "weekly", "week_end": "monday"},
    "20-cancelled-by-status": {
        "options": {"separator": "\\t"},
        "date_formats": ["yyyy-MM-dd'T'HH:mm:ssXXX"],
        "skip_where": {"order-status": ["Cancelled"], "item-status": ["Cancelled"]},
    },
}
"""Settings that must be proposed for a case."""


@pytest.mark.parametrize("case", CASES)
def test_settings_of_a_case_are_proposed(case: str, spark: SparkSession, shared_cases: Path) -> None:
    files = sorted((shared_cases / case / "in").iterdir())
    lines = as_lines(sampled_lines([sample_of(file.name, file.read_bytes()) for file in files]))
    proposal = propose(Columns(lines, try_columns(spark, lines)), {})
    found = {"columns": proposal.columns, **proposal.settings, **proposal.forecast}
    assert {key: found.get(key) for key in CASES[case]} == CASES[case]
