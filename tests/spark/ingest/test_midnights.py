"""Days written as midnights stay the days that were written; other times are moved to the business's zone."""

from datetime import date, datetime

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.reading.midnights import files_of_midnights
from lepton_spark.ingest.lines.validation import validate_lines

COLUMNS = ("at", "sku", "units")


def settings(form: str, zone: str = "America/New_York") -> InputSettings:
    return InputSettings(
        kind="transactions",
        columns=ColumnNames(product_id="sku", date="at", quantity="units"),
        date_formats=(form,),
        timezone=zone,
    )


def raw_lines(spark: SparkSession, times: dict[int, list[object]], kind: str = "STRING") -> RawLines:
    """One line for each time of each file."""
    rows = [
        (file, number, None, None, at, "A", "1")
        for file, of_file in times.items()
        for number, at in enumerate(of_file)
    ]
    types = f"source_0 {kind}, source_1 STRING, source_2 STRING"
    schema = f"file INT, line_number BIGINT, malformed STRING, raw STRING, {types}"
    return RawLines(COLUMNS, spark.createDataFrame(rows, schema))


def days(spark: SparkSession, raw: RawLines, how: InputSettings) -> dict[int, list[tuple[str, bool]]]:
    """The day of each line, and whether its time is known, by file."""
    files = spark.createDataFrame([(n, f"hash {n}") for n in range(3)], "file INT, content_hash STRING")
    midnights = files_of_midnights([(how, raw)])
    lines = validate_lines(raw, files, how, date(2021, 6, 30), None, midnights)
    found: dict[int, list[tuple[str, bool]]] = {}
    for row in lines.orderBy("file", "line_number").collect():
        found.setdefault(row["file"], []).append((str(row["date"]), row["sold_at"] is not None))
    return found


AS_WRITTEN = [("2021-03-07", False), ("2021-03-08", False)]
MOVED = [("2021-03-06", True), ("2021-03-08", True)]


@pytest.mark.parametrize(
    ("form", "midnights", "afternoon"),
    [
        ("yyyy-MM-dd HH:mm", ["2021-03-07 00:00", "2021-03-08 00:00"], "2021-03-08 15:00"),
        ("yyyy-MM-dd'T'HH:mmX", ["2021-03-07T00:00Z", "2021-03-08T00:00Z"], "2021-03-08T15:00Z"),
        ("epoch_seconds", ["1615075200", "1615161600"], "1615215600"),
        ("excel_day", ["44262.0", "44263.0"], "44263.625"),
    ],
)
def test_a_file_of_midnights_keeps_its_days(
    spark: SparkSession, form: str, midnights: list[object], afternoon: str
) -> None:
    raw = raw_lines(spark, {0: [*midnights, None, "never"], 1: [midnights[0], afternoon]})
    how = settings(form)
    assert files_of_midnights([(how, raw)]) == {0: 2}
    found = days(spark, raw, how)
    assert found[0][:2] == AS_WRITTEN
    assert found[1] == MOVED


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMP_NTZ"])
def test_typed_midnights_keep_their_days(spark: SparkSession, kind: str) -> None:
    midnights = [datetime(2021, 3, 7), datetime(2021, 3, 8)]  # noqa: DTZ001 - the session is in UTC
    raw = raw_lines(spark, {0: list(midnights), 1: [midnights[0], datetime(2021, 3, 8, 15)]}, kind)  # noqa: DTZ001
    assert days(spark, raw, settings("yyyy-MM-dd")) == {0: AS_WRITTEN, 1: MOVED}


def test_times_with_the_offset_of_another_zone_are_moved(spark: SparkSession) -> None:
    raw = raw_lines(spark, {0: ["2021-03-07T00:00+09:00", "2021-03-08T00:00+09:00"]})
    how = settings("yyyy-MM-dd'T'HH:mmXXX")
    assert files_of_midnights([(how, raw)]) == {}
    assert days(spark, raw, how)[0] == [("2021-03-06", True), ("2021-03-07", True)]


def test_files_are_not_read_again_where_no_day_can_move(spark: SparkSession) -> None:
    raw = raw_lines(spark, {0: ["2021-03-07 00:00"]})
    assert files_of_midnights([(settings("yyyy-MM-dd HH:mm", "UTC"), raw)]) == {}
    assert files_of_midnights([(settings("yyyy-MM-dd"), raw)]) == {}
    typed = raw_lines(spark, {0: [date(2021, 3, 7)]}, "DATE")
    assert files_of_midnights([(settings("yyyy-MM-dd HH:mm"), typed)]) == {}
