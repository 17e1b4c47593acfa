"""Class errors added up by Spark, against sums calculated by hand."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.models.registry import Candidate
from lepton_spark.tables.schemas.staged_tables import CLASS_SUM_TYPE

SCHEMA = f"product_id string, class_sums {CLASS_SUM_TYPE}"


def test_class_errors_add_up_over_parts_of_batches(spark: SparkSession) -> None:
    parts = [
        [("smooth", "mean", 12.0, 6, 1), ("smooth", "zero", 0.0, 0, 0)],
        [("smooth", "mean", 20.0, 2, 1), ("lumpy", "mean", 0.0, 0, 0), ("lumpy", "zero", 10.0, 5, 1)],
    ]
    of_all = [[("all", "mean", 12.0, 6, 1)], [("all", "mean", 20.0, 2, 1), ("all", "zero", 10.0, 5, 1)]]
    rows = [("p0", [*parts[0], *of_all[0]]), ("p1", None), ("p2", [*parts[1], *of_all[1]]), ("p3", None)]
    errors = collect_class_errors(spark.createDataFrame(rows, SCHEMA), (Candidate("mean"), Candidate("zero")))
    assert errors.classes == ("lumpy", "smooth", "all")
    smooth = (12.0 + 20.0) / (6 + 2)
    assert errors.scaled_mse == pytest.approx(
        np.array([[np.nan, 2.0], [smooth, np.nan], [smooth, 2.0]]), nan_ok=True
    )
    assert errors.n_series.tolist() == [[0, 1], [2, 0], [2, 1]]
