"""The class table pooled by Spark, against the sums worked by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from pyspark.sql import SparkSession

from lepton_spark.forecasting.passes.class_errors import collect_class_table
from lepton_spark.models.registry import Candidate

SCHEMA = (
    "batch int, model string, demand_class string, "
    "windows array<struct<window: int, role: string, n_obs: bigint, scaled_sse: double>>"
)
Window = tuple[int, str, int, float | None]


def row(
    batch: int, model: str, demand_class: str, *windows: Window
) -> tuple[int, str, str, Sequence[Window]]:
    return batch, model, demand_class, windows


def test_class_table_pools_capped_errors_over_batches(spark: SparkSession) -> None:
    rows = [
        # a mean of (4 + 8) / 6 = 2 over 6 days; the test window does not count
        row(0, "mean", "smooth", (0, "test", 3, 99.0), (1, "validation", 2, 4.0), (2, "validation", 4, 8.0)),
        # a mean of 100 over 2 days counts as 10
        row(1, "mean", "smooth", (1, "validation", 2, 200.0)),
        # no scale, no days: neither counts
        row(1, "mean", "lumpy", (1, "validation", 5, None)),
        row(0, "zero", "smooth", (1, "validation", 0, 0.0)),
        row(1, "zero", "lumpy", (1, "validation", 5, 10.0)),
    ]
    frame = spark.createDataFrame(rows, SCHEMA)
    table = collect_class_table(frame, (Candidate("mean"), Candidate("zero")))
    assert table.classes == ("lumpy", "smooth", "all")
    smooth = (2 * 6 + 10 * 2) / 8
    assert table.scaled_mse == pytest.approx(
        np.array([[np.nan, 2.0], [smooth, np.nan], [smooth, 2.0]]), nan_ok=True
    )
    assert table.n_series.tolist() == [[0, 1], [2, 0], [2, 1]]
