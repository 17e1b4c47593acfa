"""Lines of a few large files are divided among tasks in blocks of lines that follow each other."""

from dataclasses import replace

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile
from lepton_spark.ingest.files.inspection import Inspection
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.pipelines.ingest import scan_tasks
from lepton_spark.pipelines.ingest.scan_tasks import FEW_PARTS, in_blocks


def read_file(number: int, lines: int, parts: int = 1, size: int | None = 1) -> ReadFile:
    return ReadFile(
        number, FoundFile(f"{number}", f"file:{number}", size, "hash"), Inspection(lines=lines, parts=parts)
    )


def tasks(spark: SparkSession, files: list[ReadFile]) -> dict[int, list[tuple[int, int]]]:
    """The lines (file, line_number) of each task that has any."""
    rows = [
        Row(file=file.number, line_number=line + 1) for file in files for line in range(file.inspection.lines)
    ]
    frame = spark.createDataFrame(rows, "file int, line_number bigint").coalesce(1)
    (divided,) = in_blocks([RawLines((), frame)], files)
    found: dict[int, list[tuple[int, int]]] = {}
    for row in divided.frame.withColumn("task", F.spark_partition_id()).collect():
        found.setdefault(row["task"], []).append((row["file"], row["line_number"]))
    return found


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_tasks, "LINES_PER_TASK", 8)
    monkeypatch.setattr(scan_tasks, "LINES_PER_BLOCK", 4)


def test_each_task_has_a_block_of_one_file(spark: SparkSession) -> None:
    found = tasks(spark, [read_file(0, 6), read_file(1, 9)])
    assert [sorted(lines) for _, lines in sorted(found.items())] == [
        [(0, 1), (0, 2), (0, 3), (0, 4)],
        [(0, 5), (0, 6)],
        [(1, 1), (1, 2), (1, 3), (1, 4)],
        [(1, 5), (1, 6), (1, 7), (1, 8)],
        [(1, 9)],
    ]


def test_blocks_of_a_wide_file_span_the_gaps_between_its_line_numbers(spark: SparkSession) -> None:
    """Nine lines in three blocks, of a third of the greatest number each."""
    numbers = [100_002, 100_003, 100_004, 200_002, 200_003, 200_004, 300_002, 300_003, 300_004]
    frame = spark.createDataFrame([Row(file=0, line_number=number) for number in numbers]).coalesce(1)
    frame = frame.withColumn("file", F.col("file").cast("int"))
    file = replace(read_file(0, 9), inspection=Inspection(lines=9, last_line=300_004))
    (divided,) = in_blocks([RawLines((), frame)], [file])
    rows = divided.frame.withColumn("task", F.spark_partition_id()).collect()
    found = [{row["line_number"] for row in rows if row["task"] == task} for task in range(3)]
    assert found == [{100_002}, {100_003, 100_004, *numbers[3:6]}, set(numbers[6:])]


@pytest.mark.parametrize(
    "file",
    [read_file(0, 8), read_file(0, 9, parts=FEW_PARTS), read_file(0, 9, size=None)],
    ids=["few lines", "a file of many parts", "a Delta table"],
)
def test_other_deliveries_stay_in_the_tasks_that_read_them(spark: SparkSession, file: ReadFile) -> None:
    assert len(tasks(spark, [file])) == 1
