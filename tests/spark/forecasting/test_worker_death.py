"""Worker processes that are really killed by one series, of a batch or of the sample to learn from."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.output import published_tables
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.pool_statistics import pool_statistics
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.passes.tree_training import train_trees
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models import registry
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import CustomRegressor, candidates_for, register
from lepton_spark.panel.calendar import EPOCH, Calendar
from lepton_spark.panel.dense import PackedBatch
from lepton_spark.pipelines.forecast import stages
from lepton_spark.pipelines.forecast.crash_bisection import WORKER_DIED, Subset, write_isolating
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

N_DAYS, CUTOFF, N_BATCHES = 60, 19_000, 2
DEADLY = 999.0


class DeadlySample(FitSettings):
    """Kills the process that reads a series with the deadly value."""

    def history(self, packed: PackedBatch) -> History:
        if DEADLY in packed.quantity:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().history(packed)


class Killer:
    """Kills its process when it sees the deadly value."""

    def fit(self, _: np.ndarray, y: np.ndarray) -> None:
        if y.max() == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        self.level = y.mean()

    def predict(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        return np.full(len(X), self.level)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[FitSettings]:
    """The killer is a candidate; workers cannot import this module, so it is pickled by value."""
    monkeypatch.setattr(registry, "_registered", {})
    register("killer", CustomRegressor(Killer, limits=None))
    config = Config(
        forecast=ForecastSettings(horizon=7, models=("killer", "mean")),
        backtest=BacktestSettings(validation_windows=1, stride=7, min_train_days=14),
    )
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield fit_settings(config, Calendar({"all": np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)}, CUTOFF))
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def _series(spark: SparkSession, n_series: int, deadly: int) -> DataFrame:
    rows = []
    for number in range(n_series):
        days = [float((day + number) % 5 + 1) for day in range(N_DAYS)]
        if number == deadly:
            days[20] = DEADLY
        rows.append((number % N_BATCHES, f"p{number}", "all", CUTOFF - N_DAYS + 1, days))
    schema = "batch int, product_id string, location_id string, first_day int, quantity array<double>"
    return spark.createDataFrame(rows, schema)


def test_only_the_crashing_series_gets_a_fallback(spark: SparkSession, settings: FitSettings) -> None:
    series = _series(spark, 6, deadly=3).cache()
    scored: list[Any] = []
    fitted: list[Any] = []

    def run(made: list[Any], rows: DataFrame) -> None:
        made.extend(rows.collect())

    def of(rows: DataFrame, subset: Subset | None) -> DataFrame:
        return rows if subset is None else rows.where(subset.condition)

    def count(subset: Subset) -> int:
        return of(series, subset).select(*SERIES_KEY).distinct().count()

    write_isolating(
        lambda subset, why: run(scored, score(of(series, subset), settings, why)),
        scored.clear,
        N_BATCHES,
        count,
    )
    candidates = spark.createDataFrame(scored, score(series, settings).schema)
    errors = ClassErrors.none(len(settings.evaluation.candidates))
    write_isolating(
        lambda subset, why: run(
            fitted, fit(of(series, subset), of(candidates, subset), settings, errors, why)
        ),
        fitted.clear,
        N_BATCHES,
        count,
    )
    found = {row["product_id"]: row for row in fitted}
    assert sorted(found) == [f"p{number}" for number in range(6)]
    assert len(fitted) == 6
    outcomes = {name: (row["status"], row["reason"]) for name, row in found.items()}
    assert outcomes.pop("p3") == ("fallback", f"batch_failed: {WORKER_DIED}")
    assert set(outcomes.values()) == {("ok", None)}
    assert {row["model"] for name, row in found.items() if name != "p3"} == {"killer"}
    assert {row["product_id"]: row["reasons"] for row in scored if row["reasons"]} == {
        "p3": {"killer": WORKER_DIED, "mean": WORKER_DIED}
    }
    fits = spark.createDataFrame(fitted, fit(series, candidates, settings, errors).schema)
    _sums_are_those_of_all_series(fits, fitted, scored)


def _sums_are_those_of_all_series(fits: DataFrame, fitted: list[Any], scored: list[Any]) -> None:
    """The batch of the deadly series was written in parts, each with sums of its own."""
    parts = [row for row in fitted if row["group_sums"] is not None]
    assert len([row for row in parts if row["batch"] == 1]) > 1
    groups = published_tables.group_forecasts(fits.withColumn("run_id", F.lit("0f")), EPOCH, by_product=False)
    sums = {(row["segment"], row["step"]): row for row in groups.collect()}
    assert {row["n_series"] for key, row in sums.items() if key[0] == "all"} == {6}
    for step in range(7):
        expected = sum(row["forecast"][step] for row in fitted)
        assert sums["all", step + 1]["forecast"] == pytest.approx(expected)
    n_series = [
        item["n_series"] for row in scored for item in row["class_sums"] or () if item["model"] == "mean"
    ]
    assert sum(n_series) == 2 * 5  # by class and over all; the deadly series is not scored


@pytest.mark.parametrize(("name", "learn"), [("pools", pool_statistics), ("pooled_trees", train_trees)])
def test_sample_that_crashes_is_halved(
    spark: SparkSession,
    tmp_path: Path,
    settings: FitSettings,
    name: str,
    learn: Callable[[DataFrame, FitSettings, str | None], DataFrame],
) -> None:
    """The deadly series is in the first of two batches, so the pool is learned from the second."""
    warehouse = Warehouse(spark, str(tmp_path))
    pooled = replace(settings.evaluation, candidates=candidates_for(("pooled",), ()))
    deadly = DeadlySample(**vars(replace(settings, evaluation=pooled)))
    run = Run("0f", "forecast", n_batches=N_BATCHES)
    plan = Plan(run, EPOCH + timedelta(days=CUTOFF), deadly)
    stages._learn(warehouse, plan, name, _series(spark, 6, deadly=2), learn)
    made = warehouse.read(name).collect()
    assert made
    assert {(row["run_id"], row["n_series"]) for row in made} == {("0f", 3)}
