"""Both passes through Spark, against the same work on pandas frames."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from lepton_spark.evaluation.accuracy.class_errors import class_errors
from lepton_spark.evaluation.backtest import score_candidates
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.forecasting.passes.fit import FitBatch, fit
from lepton_spark.forecasting.passes.pool_statistics import collect_pools, pool_statistics
from lepton_spark.forecasting.passes.score import ScoreBatch, score
from lepton_spark.forecasting.settings import FitSettings
from tests.unit.forecasting.frames import (
    CUTOFF,
    N_DAYS,
    daily_settings,
    packed_rows,
    pools_of,
    random_units,
    records,
    with_lists,
)

SCHEMA = (
    "batch int, product_id string, location_id string, first_day int, quantity array<double>, "
    "stock_outs array<double>"
)
N_SERIES = 30


@pytest.fixture(scope="module")
def settings() -> FitSettings:
    return daily_settings(
        forecast={"horizon": 7, "models": ["shrunk_weekday", "seasonal_naive", "mean"]},
        backtest={"validation_windows": 4, "stride": 7},
    )


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Series in three batches: one constant, one young, one with an outlier and days out of stock."""
    units = list(random_units(N_SERIES))
    units[0][:] = 5.0
    units[1] = units[1][-60:]
    units[2][100] = 5e6
    units[3][50:] = 0.0
    frame = with_lists(packed_rows(units), stock_outs={"p02": [CUTOFF - 3.0, CUTOFF - 60.0]})
    return frame.assign(batch=[int(name[1:]) % 3 for name in frame["product_id"]])


@pytest.fixture(scope="module")
def series(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    def plain(value: object) -> object:
        return value.tolist() if isinstance(value, np.ndarray) else value

    values = [
        (
            int(row["batch"]),
            row["product_id"],
            row["location_id"],
            None if np.isnan(row["first_day"]) else int(row["first_day"]),
            plain(row["quantity"]),
            plain(row["stock_outs"]),
        )
        for row in records(rows)
    ]
    return spark.createDataFrame(values, SCHEMA).repartition(2).cache()


@pytest.fixture(scope="module")
def candidates(spark: SparkSession, series: DataFrame, settings: FitSettings) -> DataFrame:
    scored = score(series, settings)
    return spark.createDataFrame(scored.collect(), scored.schema).cache()


def test_candidates_through_spark_are_those_of_the_frames(
    candidates: DataFrame, rows: pd.DataFrame, settings: FitSettings
) -> None:
    expected = {
        row["product_id"]: row
        for batch in range(3)
        for row in records(ScoreBatch(settings)(rows[rows["batch"] == batch]))
    }
    found = candidates.collect()
    assert len(found) == len(expected) == N_SERIES
    for row in found:
        flat = expected[row["product_id"]]
        assert (row["batch"], row["demand_class"]) == (flat["batch"], flat["demand_class"])
        assert row["models"] == ScoreBatch(settings).models
        assert (row["n_obs"], row["sse"]) == (flat["n_obs"].tolist(), flat["sse"].tolist())
        sums = None if row["class_sums"] is None else [item.asDict() for item in row["class_sums"]]
        assert sums == flat["class_sums"]
    assert len([row for row in found if row["class_sums"] is not None]) == 3


def test_class_errors_added_up_by_spark_equal_those_of_one_process(
    candidates: DataFrame, rows: pd.DataFrame, settings: FitSettings
) -> None:
    scores = score_candidates(settings.history(packed_batch(rows)), {}, settings.evaluation)
    validation = scores.sums.map(lambda sums: sums[:, 1:])
    expected = class_errors(validation, scores.demand_class)
    found = collect_class_errors(candidates, settings.evaluation.candidates)
    assert {"smooth", "new", "all"} <= set(found.classes)
    assert found.classes == expected.classes
    assert found.n_series.tolist() == expected.n_series.tolist()
    np.testing.assert_allclose(found.scaled_mse, expected.scaled_mse, rtol=1e-12)


def test_fits_through_spark_are_those_of_the_frames(
    series: DataFrame, candidates: DataFrame, rows: pd.DataFrame, settings: FitSettings
) -> None:
    errors = collect_class_errors(candidates, settings.evaluation.candidates)
    names = ["model", "forecast_hash", "choice_level", "runner_up", "margin", "status"]
    expected = {}
    for batch in range(3):
        mine = rows[rows["batch"] == batch]
        scored = ScoreBatch(settings)(mine)
        expected.update({row["product_id"]: row for row in records(FitBatch(settings, errors)(mine, scored))})
    found = {row["product_id"]: row for row in fit(series, candidates, settings, errors).collect()}
    assert found.keys() == expected.keys()
    for name, row in found.items():
        for column in names:
            value = expected[name][column]
            assert row[column] == (None if pd.isna(value) else value)
    assert {row["choice_level"] for row in found.values()} >= {"series", "class"}
    assert (found["p03"]["status"], found["p03"]["last_sale"]) == ("ok", _day(CUTOFF - N_DAYS + 50))
    listed = [(item["date"], item["rule"], item["after"]) for item in found["p02"]["adjustments"]]
    assert [(day, rule) for day, rule, _ in listed] == [
        (_day(CUTOFF - N_DAYS + 101), "spike"),
        (_day(CUTOFF - 60), "stock_out"),
        (_day(CUTOFF - 3), "stock_out"),
    ]
    assert [after is None for *_, after in listed] == [False, True, True]


def _day(epoch_day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(epoch_day)


def test_pools_through_spark_are_those_of_the_frames(
    series: DataFrame, rows: pd.DataFrame, settings: FitSettings
) -> None:
    pools = pool_statistics(series, settings).selectExpr("'0f' AS run_id", "*")
    found = collect_pools(pools, settings.pooled)
    expected = pools_of(rows, settings)
    assert found.keys() == expected.keys() == {CUTOFF - offset for offset in (0, 7, 14, 21, 28, 35)}
    for day, pool in found.items():
        np.testing.assert_array_equal(pool.index, expected[day].index)
        np.testing.assert_array_equal(pool.log_dispersion, expected[day].log_dispersion)
        assert pool.factors.keys() == expected[day].factors.keys() == {"year_weeks"}
        np.testing.assert_array_equal(pool.factors["year_weeks"], expected[day].factors["year_weeks"])


def test_batch_without_candidates_falls_back_with_the_reason(
    series: DataFrame, candidates: DataFrame, settings: FitSettings
) -> None:
    errors = collect_class_errors(candidates, settings.evaluation.candidates)
    some = fit(series, candidates.where("batch != 1"), settings, errors).where("batch = 1").collect()
    assert len(some) == N_SERIES // 3
    assert {row["status"] for row in some} == {"fallback"}
    assert {row["reason"].split(":")[0] for row in some} == {"batch_failed"}
    failure = fit(series, candidates, settings, errors, "the worker died").collect()
    assert {row["reason"] for row in failure} == {"batch_failed: the worker died"}
