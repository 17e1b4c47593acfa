"""What other locations sold, through Spark: equal to the bit in any number of partitions."""

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.forecasting.passes.elsewhere import sales_elsewhere
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.panel.calendar import Calendar
from lepton_spark.panel.series import batch_of, with_lists

N_PRODUCTS, N_DAYS, CUTOFF, N_BATCHES, LOCATIONS = 30, 200, 19_000, 4, ("east", "north", "west")


@pytest.fixture(scope="module")
def settings() -> FitSettings:
    config = Config(
        forecast=ForecastSettings(horizon=7, models=("shrunk_weekday", "mean")),
        backtest=BacktestSettings(validation_windows=2, stride=7, min_train_days=28),
    )
    days = np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)
    return fit_settings(config, Calendar(dict.fromkeys(LOCATIONS, days), CUTOFF))


@pytest.fixture(scope="module")
def series(spark: SparkSession) -> DataFrame:
    """Kilograms of products at three locations; the first product is sold at one only."""
    chance = np.random.default_rng(6)
    rows = []
    for product in range(N_PRODUCTS):
        for location in LOCATIONS[: None if product else 1]:
            kilograms = chance.gamma(0.2, 1.0, N_DAYS) + 0.001
            rows.append((f"p{product}", location, CUTOFF - N_DAYS + 1, kilograms.tolist()))
    schema = "product_id string, location_id string, first_day int, quantity array<double>"
    frame = spark.createDataFrame(rows, schema).withColumn("batch", batch_of(N_BATCHES))
    return frame.select("batch", "product_id", "location_id", "first_day", "quantity").cache()


Values = dict[tuple[str, ...], list[float]]


def lists_and_errors(
    spark: SparkSession, settings: FitSettings, series: DataFrame, n_partitions: int
) -> tuple[Values, Values]:
    """The lists by series, and the squared errors by series and model, in so many tasks."""
    options = {"spark.sql.shuffle.partitions": str(n_partitions), "spark.sql.adaptive.enabled": "false"}
    before = {key: str(spark.conf.get(key)) for key in options}
    for key, value in options.items():
        spark.conf.set(key, value)
    try:
        shuffled = series.repartition(n_partitions, F.xxhash64("location_id", F.lit(n_partitions)))
        lists = sales_elsewhere(shuffled, settings, N_BATCHES)
        scored = score(with_lists(shuffled, lists, N_BATCHES), settings).collect()
        found = {(row["product_id"], row["location_id"]): row["elsewhere"] for row in lists.collect()}
        return found, _errors(scored)
    finally:
        for key, value in before.items():
            spark.conf.set(key, value)


def _errors(scored: list[Row]) -> Values:
    """The squared errors of each series and model by window."""
    found = {}
    for row in scored:
        by_model = np.reshape(row["sse"], (len(row["models"]), -1)).tolist()
        for model, errors in zip(row["models"], by_model, strict=True):
            found[row["product_id"], row["location_id"], model] = errors
    return found


@pytest.fixture(scope="module")
def in_one(spark: SparkSession, settings: FitSettings, series: DataFrame) -> tuple[Values, Values]:
    return lists_and_errors(spark, settings, series, 1)


def test_lists_add_up_the_other_locations(in_one: tuple[Values, Values], series: DataFrame) -> None:
    lists, _ = in_one
    sold = {(row["product_id"], row["location_id"]): np.array(row["quantity"]) for row in series.collect()}
    assert len(lists) == (N_PRODUCTS - 1) * len(LOCATIONS)
    others = sold["p7", "east"] + sold["p7", "west"]
    units, days = np.split(np.array(lists["p7", "north"]), 2)
    assert days.tolist() == [2.0 * (N_DAYS % 7), *[14.0] * (N_DAYS // 7)]
    assert units[-1] == pytest.approx(others[-7:].sum(), rel=1e-12)
    assert units.sum() == pytest.approx(others.sum(), rel=0.05)  # outliers are damped


def test_errors_depend_on_the_lists_of_other_locations_only(
    settings: FitSettings, series: DataFrame, in_one: tuple[Values, Values]
) -> None:
    _, errors = in_one
    alone = _errors(score(series, settings).collect())
    changed = {key for key in errors if errors[key] != alone[key]}
    assert changed == {key for key in errors if key[0] != "p0" and key[2] == "shrunk_weekday"}


@pytest.mark.parametrize("n_partitions", [2, 7])
def test_lists_and_errors_are_equal_to_the_bit_in_any_number_of_partitions(
    spark: SparkSession,
    settings: FitSettings,
    series: DataFrame,
    in_one: tuple[Values, Values],
    n_partitions: int,
) -> None:
    assert lists_and_errors(spark, settings, series, n_partitions) == in_one
