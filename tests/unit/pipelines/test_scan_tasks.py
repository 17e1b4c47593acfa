"""A task reads about half a million lines, and never more bytes than Spark's default."""

import pytest

from lepton_spark.ingest.files.delivery import FoundFile, ReadFile
from lepton_spark.ingest.files.inspection import Inspection
from lepton_spark.pipelines.ingest.scan_tasks import bytes_per_task

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([(16, 3_500_000)] * 4, 80 / 28),
        ([(0.5, 2_000)] * 3, 128),
        ([(5_000, 10_000_000)], 128),
        ([(0, 0)], 128),
        ([(None, 90_000_000)], 128),
    ],
    ids=["few bytes a line", "small files", "many bytes a line", "no lines", "a Delta table"],
)
def test_bytes_per_task(files: list[tuple[float | None, int]], expected: float) -> None:
    read = [
        ReadFile(
            number,
            FoundFile("a", "file:a", None if size is None else int(size * MEGABYTE), "hash"),
            Inspection(lines=lines),
        )
        for number, (size, lines) in enumerate(files)
    ]
    assert bytes_per_task(read) == int(expected * MEGABYTE)
