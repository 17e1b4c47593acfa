"""The lists of structs that Spark makes of flat rows, against rows written out here."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.forecasting.output.fit_rows import FIT_SCHEMA, with_structs
from lepton_spark.forecasting.output.partial_sums import BASELINE_SUMS, SUM_NAMES
from lepton_spark.forecasting.passes import score
from lepton_spark.tables import TABLES
from tests.unit.forecasting.frames import daily_settings

NAN = np.nan
WINDOWS = plan_windows(horizon=7, n_validation=1, stride=7)
SUM_OF_BATCH = {
    "segment": "all",
    "model": "chosen",
    "split": "test",
    "n_series": 2,
    **dict.fromkeys((*SUM_NAMES, *BASELINE_SUMS), 1.5),
    "pinball_sum": None,
}
SUMS = ("sse", "abs_error", "sum_error", "sum_actual", "scaled_sse", "scaled_abs_error")


def _returned_by_udf(spark: SparkSession, rows: pd.DataFrame, schema: str) -> DataFrame:
    """The rows as a grouped pandas UDF returns them."""

    def return_rows(_: pd.DataFrame) -> pd.DataFrame:
        return rows

    return spark.range(1).groupBy("id").applyInPandas(return_rows, schema)


def _declared(table: str) -> dict[str, str]:
    """Types of a table's columns but the run's id."""
    return {
        column.name: StructType.fromDDL(f"value {column.type}")["value"].dataType.simpleString()
        for column in TABLES[table].columns
        if column.name != "run_id"
    }


def _types(rows: DataFrame) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in rows.schema}


def _ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@pytest.fixture(scope="module")
def fits(spark: SparkSession) -> DataFrame:
    """p0: no runner-up, no scale, adjustments; p1: all roles, a validation window that was not scored."""
    n_obs = [_ints(7, 5, 0, 0, 7, 6), _ints(7, 0, 6, 0, 5, 0)]
    scaled = [np.array([NAN, NAN, 0.0, 0.0, NAN, NAN]), np.arange(6) / 4.0]
    flat = {
        "batch": 1,
        "product_id": ["p0", "p1"],
        "location_id": "all",
        "status": "ok",
        "reason": None,
        "fallback_level": 0,
        "demand_class": "smooth",
        "model": ["mean", "zero"],
        "parameters": [{"half_life": 28.0}, {}],
        "coefficients": [{}, {"level": 2.5}],
        "chosen": ["mean", "zero"],
        "runner_up": [None, "mean"],
        "margin": [NAN, 0.25],
        "choice_level": "class",
        "quantile_method": "gamma",
        "n_days_known": 60,
        "last_sale_day": pd.Series([19_000, None], dtype="Int64"),
        "recent_quantity": 12.0,
        "forecast": [np.array([1.0, 2.0])] * 2,
        "quantiles": [[np.array([0.0, 1.0]), np.array([2.0, 3.0])]] * 2,
        "error_quantiles": [None, [np.array([-1.0, 1.5], dtype=np.float32)]],
        "forecast_hash": "ab",
        "usual_day": [0.5, 1.0],
        "parts": [[np.array([0.5, 1.0]), np.array([0.0, 0.5])], [None, np.array([0.0, 1.0])]],
        "n_obs": n_obs,
        **{name: [np.arange(6.0) + 10 * place] * 2 for place, name in enumerate(SUMS[:4])},
        **dict.fromkeys(SUMS[4:], scaled),
        "pinball_sum": [np.array([9.0, NAN, 0.0, NAN, 8.0, NAN])] * 2,
        "covered_sum": [np.array([3.0, NAN, 0.0, NAN, 4.0, NAN])] * 2,
        "day": [np.array([18_950, 18_960], dtype=np.int32), np.zeros(0, dtype=np.int32)],
        "is_outlier": [np.array([True, False]), np.zeros(0, dtype=np.bool_)],
        "before": [np.array([90.0, 4.0]), np.zeros(0)],
        "after": [np.array([11.5, NAN]), np.zeros(0)],
        "metric_sums": [[SUM_OF_BATCH], None],
        "group_sums": [[{"segment": "all", "n_series": 2, "forecast": np.array([2.0, 4.0])}], None],
    }
    return with_structs(_returned_by_udf(spark, pd.DataFrame(flat), FIT_SCHEMA), WINDOWS).cache()


def _metric(
    model: str,
    role: str,
    position: int,
    n_obs: int,
    scaled: float | None,
    quantiles: tuple[float, float] | None,
) -> dict[str, Any]:
    """The struct of the sums at a position of the lists; even positions are of the test window."""
    is_test = position % 2 == 0
    return {
        "model": model,
        "is_role": role,
        "split": "test" if is_test else "validation",
        "window": position % 2,
        "n_obs": n_obs,
        **{name: position + 10.0 * place for place, name in enumerate(SUMS[:4])},
        **dict.fromkeys(SUMS[4:], scaled),
        "pinball_sum": None if quantiles is None else quantiles[0],
        "covered_sum": None if quantiles is None else quantiles[1],
        "n_quantile_obs": n_obs if is_test else None,
    }


def _rows(rows: DataFrame) -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row.asDict(recursive=True) for row in rows.collect()}


def test_metrics_are_the_scored_windows_of_each_role_with_null_scaled_sums_without_scale(
    fits: DataFrame,
) -> None:
    assert _rows(fits)["p0"]["metrics"] == [
        _metric("mean", "chosen", 0, 7, None, (9.0, 3.0)),
        _metric("mean", "chosen", 1, 5, None, None),
        _metric("seasonal_naive", "seasonal_naive", 4, 7, None, (8.0, 4.0)),
        _metric("seasonal_naive", "seasonal_naive", 5, 6, None, None),
    ]


def test_metrics_leave_out_windows_that_were_not_scored(fits: DataFrame) -> None:
    assert _rows(fits)["p1"]["metrics"] == [
        _metric("zero", "chosen", 0, 7, 0.0, (9.0, 3.0)),
        _metric("mean", "runner_up", 2, 6, 0.5, (0.0, 0.0)),
        _metric("seasonal_naive", "seasonal_naive", 4, 5, 1.0, (8.0, 4.0)),
    ]


def test_adjustments_have_dates_and_rules(fits: DataFrame) -> None:
    epoch = dt.date(1970, 1, 1)
    rows = _rows(fits)
    assert rows["p0"]["adjustments"] == [
        {"date": epoch + dt.timedelta(18_950), "rule": "spike", "before": 90.0, "after": 11.5},
        {"date": epoch + dt.timedelta(18_960), "rule": "stock_out", "before": 4.0, "after": None},
    ]
    assert rows["p1"]["adjustments"] == []


def test_other_columns_of_fits_are_kept_with_nulls_and_the_date_of_the_last_sale(fits: DataFrame) -> None:
    one, other = (_rows(fits)[name] for name in ("p0", "p1"))
    assert (one["last_sale"], other["last_sale"]) == (dt.date(2022, 1, 8), None)
    assert (one["margin"], other["margin"]) == (None, 0.25)
    assert (one["parameters"], other["coefficients"]) == ({"half_life": 28.0}, {"level": 2.5})
    assert (one["quantiles"], one["forecast"]) == ([[0.0, 1.0], [2.0, 3.0]], [1.0, 2.0])
    assert (one["error_quantiles"], other["error_quantiles"]) == (None, [[-1.0, 1.5]])
    assert (one["reason"], one["runner_up"], one["n_days_known"]) == (None, None, 60)
    assert (one["metric_sums"], other["metric_sums"]) == ([SUM_OF_BATCH], None)
    assert one["group_sums"] == [{"segment": "all", "n_series": 2, "forecast": [2.0, 4.0]}]


def test_fits_have_the_declared_columns_and_types(fits: DataFrame) -> None:
    assert _types(fits) == _declared("fits")


def test_fits_without_windows_have_no_metrics(spark: SparkSession) -> None:
    flat = pd.DataFrame({"chosen": ["mean"], "runner_up": None, "product_id": "p0"})
    lists = ("n_obs", *SUMS, "pinball_sum", "covered_sum", "day", "is_outlier", "before", "after")
    empty = flat.assign(**{name: [np.zeros(0)] for name in lists})
    names = [*flat.columns, "last_sale_day", *lists]
    declared = {part.split()[0]: part for part in FIT_SCHEMA.split(", ")}
    schema = ", ".join(declared[name] for name in names)
    rows = _returned_by_udf(spark, empty.assign(last_sale_day=pd.Series([1], dtype="Int64")), schema)
    (row,) = with_structs(rows, ()).collect()
    assert (row["metrics"], row["adjustments"]) == ([], [])


def test_candidates_have_the_declared_columns_and_types(spark: SparkSession) -> None:
    schema = "batch INT, product_id STRING, location_id STRING, first_day INT, quantity ARRAY<DOUBLE>"
    assert _types(score.score(spark.createDataFrame([], schema), daily_settings())) == _declared("candidates")
