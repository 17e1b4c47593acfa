"""Class errors added up by Spark, against sums calculated by hand."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.models.registry import Candidate

SCHEMA = "batch int, model string, demand_class string, capped_sse double, n_scaled bigint"


def test_class_errors_add_up_over_batches(spark: SparkSession) -> None:
    rows = [
        (0, "mean", "smooth", 12.0, 6),
        (1, "mean", "smooth", 20.0, 2),
        (1, "mean", "lumpy", 0.0, 0),  # not scored: does not count
        (0, "zero", "smooth", 0.0, 0),
        (1, "zero", "lumpy", 10.0, 5),
    ]
    frame = spark.createDataFrame(rows, SCHEMA)
    errors = collect_class_errors(frame, (Candidate("mean"), Candidate("zero")))
    assert errors.classes == ("lumpy", "smooth", "all")
    smooth = (12.0 + 20.0) / (6 + 2)
    assert errors.scaled_mse == pytest.approx(
        np.array([[np.nan, 2.0], [smooth, np.nan], [smooth, 2.0]]), nan_ok=True
    )
    assert errors.n_series.tolist() == [[0, 1], [2, 0], [2, 1]]
