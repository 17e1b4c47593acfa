"""Forecasts that planners have overridden, as transforms of the rows of a run."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.evaluation.quantiles.calibration import COUNTS
from lepton_spark.evaluation.quantiles.demand_sums import sum_dispersion_name
from lepton_spark.evaluation.quantiles.moved_quantiles import moved_quantiles
from lepton_spark.panel.covariates import for_each_series
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

LEVELS = tuple(QUANTILE_LEVELS)
FORECAST_KEY = (*SERIES_KEY, "date")
CHANGED = ("forecast", *LEVELS)
ADDED = ("model_forecast", "override_id", "override_why")
"""Columns that a published forecast has beside those of the model."""

_HASHED = ("product_id", "given_location", "first_date", "last_date", "known_at", "value", "factor")


def overridden_forecasts(
    forecasts: DataFrame, models: DataFrame, overrides: DataFrame, period: int
) -> DataFrame:
    """The rows of `applied_overrides`: one for each forecast of a run that an override applies to.

    forecasts, models: rows of the run. overrides: of that table. period: days of one forecast, 1 or 7.
    """
    chosen = _chosen(forecasts, overrides, period)
    of_products = models.join(overrides.select("product_id").distinct(), "product_id", "left_semi")
    spread = of_products.select(*SERIES_KEY, "parameters", "quantile_method")
    dispersions = (F.element_at("parameters", F.lit(name)) for name in ("dispersion", sum_dispersion_name(1)))
    values = {
        "forecast": F.coalesce("value", F.col("factor") * F.col("model_forecast")),
        "dispersion": F.coalesce(
            *(F.when((value > 0) & ~F.isnan(value), value) for value in dispersions), F.lit(1.0)
        ),
        "whole": F.coalesce(F.col("quantile_method") == COUNTS, F.lit(True)),
    }
    rows = chosen.join(spread, [*SERIES_KEY], "left").withColumns(values)
    with_means = rows.drop("parameters", "quantile_method")
    return with_means.mapInPandas(_with_quantiles, with_means.schema).drop("dispersion", "whole")


def _chosen(forecasts: DataFrame, overrides: DataFrame, period: int) -> DataFrame:
    """The forecasts that are overridden, each with the override that counts.

    An override applies to its days from that on which it was known; for weekly forecasts to weeks inside its
    days. Of several, one for the location comes before one for every location; then the one known last,
    then the one that begins last, then the one that ends first.
    """
    means = forecasts.withColumnRenamed("forecast", "model_forecast")
    last_day = F.date_add("date", period - 1)
    inside = (F.col("date") >= F.greatest("first_date", "known_at")) & (last_day <= F.col("last_date"))
    rows = for_each_series(overrides, means).where(inside)
    order = [F.desc("own"), F.desc("known_at"), F.desc("first_date"), F.asc("last_date")]
    rank = F.row_number().over(Window.partitionBy(*FORECAST_KEY).orderBy(*order))
    identity = F.sha2(F.to_json(F.struct(*_HASHED)), 256)
    first = rows.withColumn("rank", rank).where(F.col("rank") == 1)
    names = ("run_id", *SERIES_KEY, "cutoff", "date", "step", "value", "factor", "who", "why", "known_at")
    return first.select(*names, F.substring(identity, 1, 16).alias("override_id"), "model_forecast", *LEVELS)


def _with_quantiles(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The rows with the quantiles that follow their mean."""
    for rows in frames:
        quantiles = moved_quantiles(
            rows[list(LEVELS)].to_numpy(dtype=np.float64),
            tuple(QUANTILE_LEVELS.values()),
            rows["model_forecast"].to_numpy(dtype=np.float64),
            rows["forecast"].to_numpy(dtype=np.float64),
            rows["dispersion"].to_numpy(dtype=np.float64),
            rows["whole"].to_numpy(dtype=np.bool_),
        )
        yield rows.assign(**dict(zip(LEVELS, quantiles.T, strict=True)))


def with_overrides(forecasts: DataFrame, applied: DataFrame | None) -> DataFrame:
    """The forecasts of a run as they are published; applied: its rows of `applied_overrides`, if any."""
    if applied is None:
        return forecasts
    new = as_published(applied).withColumnsRenamed({name: f"new_{name}" for name in CHANGED})
    joined = forecasts.join(new, [*FORECAST_KEY], "left")
    changed: dict[str, Column] = {name: F.coalesce(f"new_{name}", name) for name in CHANGED}
    return joined.withColumns(changed).drop(*(f"new_{name}" for name in CHANGED))


def as_published(applied: DataFrame) -> DataFrame:
    """The columns of overridden forecasts that readers of `latest_forecasts` see."""
    return applied.withColumnRenamed("why", "override_why").select(*FORECAST_KEY, *CHANGED, *ADDED)
