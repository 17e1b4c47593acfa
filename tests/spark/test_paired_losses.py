"""Losses of two runs on the same series and days."""

from pyspark.sql import DataFrame, SparkSession

from lepton_spark.monitoring.policy.paired_losses import paired_losses
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

KEY = "product_id STRING, location_id STRING, step INT"


def _forecasts(spark: SparkSession, *rows: tuple[str, int, float]) -> DataFrame:
    """All quantiles of a product and step are the same."""
    columns = ", ".join(f"{name} DOUBLE" for name in QUANTILE_LEVELS)
    values = [(name, "all", step, *[units] * len(QUANTILE_LEVELS)) for name, step, units in rows]
    return spark.createDataFrame(values, f"{KEY}, {columns}")


def test_losses_are_mean_pinball_losses_of_days_that_both_know(spark: SparkSession) -> None:
    champion = _forecasts(spark, ("a", 1, 2.0), ("a", 2, 2.0), ("b", 1, 2.0), ("c", 1, 9.0))
    challenger = _forecasts(spark, ("a", 1, 5.0), ("a", 2, 4.0), ("b", 1, 1.0))
    sold = [("a", "all", 1, 4.0), ("a", "all", 2, 4.0), ("b", "all", 1, None), ("c", "all", 1, 1.0)]
    units = spark.createDataFrame(sold, f"{KEY}, units DOUBLE")
    found = paired_losses(champion, challenger, units)
    # levels are symmetric, so their mean is 0.5: 2 units too low cost 1, 1 unit too high costs 0.5
    assert found == {"n_obs": 2, "actual": 8.0, "champion_loss": 2.0, "challenger_loss": 0.5}


def test_losses_without_known_sales_are_zero(spark: SparkSession) -> None:
    forecasts = _forecasts(spark, ("a", 1, 2.0))
    nothing = spark.createDataFrame([("b", "all", 1, 1.0)], f"{KEY}, units DOUBLE")
    found = paired_losses(forecasts, forecasts, nothing)
    assert found == {"n_obs": 0, "actual": 0, "champion_loss": 0, "challenger_loss": 0}
