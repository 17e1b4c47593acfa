"""Losses of two runs on the same series and days."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.errors import N_PARTS
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

_KEY = (*SERIES_KEY, "step")
_SUMS = ("actual", "champion_loss", "challenger_loss")


def paired_losses(champion: DataFrame, challenger: DataFrame, units: DataFrame) -> Mapping[str, float]:
    """`n_obs`, and the sums of `actual`, `champion_loss` and `challenger_loss`, over days with known units.

    The loss of a day is the mean pinball loss of the published quantiles, in units. Unlike the absolute
    error, it is least for right forecasts: forecasting 0 for products that rarely sell does not lower it.

    champion, challenger: rows of `forecasts`, up to the last step. units: of `units_by_step`.
    Source: Gneiting and Raftery (2007), Strictly proper scoring rules, section 6.2.
    """
    known = units.where(F.col("units").isNotNull())
    pairs = _with_loss(champion, known, "champion_loss").join(
        _with_loss(challenger, known, "challenger_loss").drop("units"), [*_KEY]
    )
    part = F.pmod(F.xxhash64(*SERIES_KEY), F.lit(N_PARTS)).alias("part")
    rows = pairs.select(part, F.col("units").alias("actual"), "champion_loss", "challenger_loss")
    sums = [ordered_sum(F.col(name)).alias(name) for name in _SUMS]
    by_part = rows.groupBy("part").agg(F.count("*").alias("n_obs"), *sums)
    row = by_part.agg(F.sum("n_obs").alias("n_obs"), *sums).first()
    found = {} if row is None else row.asDict()
    return {name: found.get(name) or 0 for name in ("n_obs", *_SUMS)}


def _with_loss(forecasts: DataFrame, units: DataFrame, name: str) -> DataFrame:
    losses = [_pinball(F.col(column), level) for column, level in QUANTILE_LEVELS.items()]
    total: Column = losses[0]
    for loss in losses[1:]:
        total += loss
    joined = forecasts.join(units, [*_KEY])
    return joined.select(*_KEY, "units", (total / len(losses)).alias(name))


def _pinball(quantile: Column, level: float) -> Column:
    under = F.col("units") - quantile
    return F.greatest(F.lit(level) * under, F.lit(level - 1.0) * under)
