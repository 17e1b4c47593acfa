"""The same bits however the work is spread: what is shared, trained, chosen and forecast."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.forecasting.fan_out import fit, score
from lepton_spark.forecasting.pool import collect_class_table
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.forecasting.share import collect_pools, share, with_trees
from lepton_spark.forecasting.training import collect_trees, train_trees
from lepton_spark.panel.calendar import Calendar

N_SERIES, N_DAYS, CUTOFF, N_BATCHES, SEED = 160, 400, 19_000, 8, 20251
PARTITIONS = (1, 2, 7, 64)


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


@pytest.fixture
def spread(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[int]:
    """So many tasks of every stage, none joined with another."""
    told = {"spark.sql.shuffle.partitions": str(request.param), "spark.sql.adaptive.enabled": "false"}
    before = {key: str(spark.conf.get(key)) for key in told}
    for key, value in told.items():
        spark.conf.set(key, value)
    yield request.param
    for key, value in before.items():
        spark.conf.set(key, value)


FOUND: dict[int, dict[str, tuple[str, str, float | None]]] = {}


@pytest.mark.parametrize("spread", PARTITIONS, indirect=True)
def test_forecasts_are_the_same_bits_in_any_number_of_partitions(
    spark: SparkSession, settings: FitSettings, series: DataFrame, spread: int
) -> None:
    shuffled = series.repartition(spread, F.xxhash64("product_id", F.lit(spread)))
    trees = collect_trees(train_trees(shuffled, settings))
    assert trees
    pools = with_trees(collect_pools(share(shuffled, settings)), trees)
    given = replace(settings, pools=pools)
    scored = score(shuffled, given)
    assert scored.rdd.getNumPartitions() == spread
    candidates = spark.createDataFrame(scored.collect(), scored.schema).repartition(spread)
    table = collect_class_table(candidates, given.candidates)
    fits = fit(shuffled, candidates, given, table).select("product_id", "forecast_hash", "model", "margin")
    FOUND[spread] = {row["product_id"]: tuple(row[1:]) for row in fits.collect()}
    assert len({told[0] for told in FOUND[spread].values()}) == N_SERIES
    assert FOUND[spread] == next(iter(FOUND.values()))
