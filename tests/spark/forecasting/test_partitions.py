"""Pools, trees, choices and forecasts are equal to the bit in any number of partitions."""

from dataclasses import replace

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.pool_statistics import collect_pools, pool_statistics
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.passes.tree_training import collect_trees, train_trees
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.calendar import Calendar

N_SERIES, N_DAYS, CUTOFF, N_BATCHES, SEED = 160, 400, 19_000, 8, 20251


@pytest.fixture(scope="module")
def settings() -> FitSettings:
    config = Config(
        forecast=ForecastSettings(horizon=7, models=("pooled", "shrunk_weekday", "ridge", "mean")),
        backtest=BacktestSettings(validation_windows=2, stride=7, min_train_days=28),
    )
    return fit_settings(config, Calendar({"all": np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)}, CUTOFF))


@pytest.fixture(scope="module")
def series(spark: SparkSession) -> DataFrame:
    chance = np.random.default_rng(SEED)
    levels = np.exp(chance.normal(0.5, 1.0, N_SERIES))
    weekday = 1 + 0.5 * (np.arange(N_DAYS) % 7 == 5)
    rows = [
        (number % N_BATCHES, f"p{number}", "all", CUTOFF - N_DAYS + 1, chance.poisson(level * weekday) * 1.0)
        for number, level in enumerate(levels)
    ]
    schema = "batch int, product_id string, location_id string, first_day int, quantity array<double>"
    return spark.createDataFrame([(*row[:-1], row[-1].tolist()) for row in rows], schema).cache()


Forecasts = dict[str, tuple[str, str, float | None]]


def forecasts(spark: SparkSession, settings: FitSettings, series: DataFrame, n_partitions: int) -> Forecasts:
    """Hash, model and margin of each product; every stage in as many tasks as there are partitions."""
    options = {"spark.sql.shuffle.partitions": str(n_partitions), "spark.sql.adaptive.enabled": "false"}
    before = {key: str(spark.conf.get(key)) for key in options}
    for key, value in options.items():
        spark.conf.set(key, value)
    try:
        shuffled = series.repartition(n_partitions, F.xxhash64("product_id", F.lit(n_partitions)))
        trees = collect_trees(train_trees(shuffled, settings))
        assert trees
        pools = collect_pools(
            pool_statistics(shuffled, settings).withColumn("run_id", F.lit("0f")), settings.pooled
        )
        given = replace(settings, pools=with_trees(pools, trees))
        scored = score(shuffled, given)
        assert scored.rdd.getNumPartitions() == n_partitions
        candidates = spark.createDataFrame(scored.collect(), scored.schema).repartition(n_partitions)
        errors = collect_class_errors(candidates, given.evaluation.candidates)
        fits = fit(shuffled, candidates, given, errors)
        rows = fits.select("product_id", "forecast_hash", "model", "margin").collect()
        return {row["product_id"]: tuple(row[1:]) for row in rows}
    finally:
        for key, value in before.items():
            spark.conf.set(key, value)


@pytest.fixture(scope="module")
def in_one(spark: SparkSession, settings: FitSettings, series: DataFrame) -> Forecasts:
    return forecasts(spark, settings, series, 1)


@pytest.mark.parametrize("n_partitions", [2, 7, 64])
def test_forecasts_are_equal_to_the_bit_in_any_number_of_partitions(
    spark: SparkSession, settings: FitSettings, series: DataFrame, in_one: Forecasts, n_partitions: int
) -> None:
    assert len({forecast[0] for forecast in in_one.values()}) == N_SERIES
    assert forecasts(spark, settings, series, n_partitions) == in_one
