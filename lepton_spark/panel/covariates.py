"""Covariates of a run: the rows of plans, products, stock and priors that were known by its cutoff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.panel.dense import DELISTED, PLAN, PRIOR, STOCK_OUTS
from lepton_spark.tables.schemas.covariate_tables import EVERYWHERE
from lepton_spark.tables.schemas.schema import SERIES_KEY

NAMES = ("plans", "products", "stock", "priors")
"""The tables of covariates, and the sections of the configuration that describe their sources."""

CATEGORY = "category"
"""A column of the series' rows beside the lists; forecasts and errors are also summed by it."""


@dataclass(frozen=True)
class Covariates:
    """The rows of the configured covariates that apply to a run, by table name."""

    rows: Mapping[str, DataFrame] = field(default_factory=dict)

    def by_series(self, series: DataFrame) -> DataFrame | None:
        """One row for each series and covariate, with the other covariates' columns null.

        series: the key of each series, any number of rows. None when no covariate is configured.
        """
        keys = series.select(*SERIES_KEY).distinct()
        made = [_LISTS[name](rows, keys) for name, rows in self.rows.items()]
        if not made:
            return None
        return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), made)


def known_rows(name: str, rows: DataFrame, cutoff: date) -> DataFrame:
    """The rows of one covariate that were known by the cutoff and apply to forecasts from it.

    Of `stock` the days up to the cutoff on which a product was out of stock; of `products` and `priors` the
    row that became known last for each product and location.
    """
    dated = "date" if name == "stock" else "known_at"
    return _APPLICABLE[name](rows.where(F.col(dated) <= F.lit(cutoff)), cutoff)


def _latest_known(rows: DataFrame, *tie_breakers: str) -> DataFrame:
    """The row of each product and location that became known last; of several the first by tie-breakers."""
    newest = Window.partitionBy(*SERIES_KEY).orderBy(F.col("known_at").desc(), *tie_breakers)
    return rows.withColumn("rank", F.row_number().over(newest)).where(F.col("rank") == 1).drop("rank")


def _current_priors(rows: DataFrame, cutoff: date) -> DataFrame:
    """Priors that end after the cutoff; of several known on the same day the one that ends first."""
    return _latest_known(rows.where(F.col("end_date") > F.lit(cutoff)), "end_date")


_APPLICABLE: Mapping[str, Callable[[DataFrame, date], DataFrame]] = {
    "plans": lambda rows, _: rows,
    "products": lambda rows, _: _latest_known(rows),
    "stock": lambda rows, _: rows.where("out_of_stock"),
    "priors": _current_priors,
}


def for_each_series(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """A row for each series that a row applies to; `own`: whether the row names the series' location.

    A row without a location of its own applies to every location of its product.
    """
    given = rows.withColumnRenamed("location_id", "given_location")
    applies = F.col("given_location").isin(EVERYWHERE) | (F.col("given_location") == F.col("location_id"))
    joined = keys.join(given, "product_id").where(applies)
    return joined.withColumn("own", F.col("given_location") != F.lit(EVERYWHERE))


def _most_specific(rows: DataFrame, keys: DataFrame, **values: Column) -> DataFrame:
    """The values of each series: those for its own location, else those for every location."""
    chosen = (F.max_by(value, F.col("own").cast("int")).alias(name) for name, value in values.items())
    return for_each_series(rows, keys).groupBy(*SERIES_KEY).agg(*chosen)


def _plans(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`plan`: start, end, day it became known, and measures of each plan, one plan after another."""
    days = (_number(F.unix_date(name)) for name in ("start_date", "end_date", "known_at"))
    values = F.concat(F.array(*days), "measures")
    joined = for_each_series(rows, keys).select(*SERIES_KEY, values.alias("values"))
    by_series = joined.groupBy(*SERIES_KEY).agg(F.sort_array(F.collect_list("values")).alias("lists"))
    return by_series.select(*SERIES_KEY, F.flatten("lists").alias(PLAN))


def _stock_outs(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`stock_outs`: the days without stock."""
    days = F.sort_array(F.collect_set(_number(F.unix_date("date"))))
    return for_each_series(rows, keys).groupBy(*SERIES_KEY).agg(days.alias(STOCK_OUTS))


def _priors(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`prior`: level, weight and last day."""
    value = F.array("level", "weight", _number(F.unix_date("end_date")))
    return _most_specific(rows, keys, **{PRIOR: value})


def _attributes(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`delisted`: the first day on which the product is no longer sold; `category`."""
    day = F.when(F.col("delisted_on").isNotNull(), F.array(_number(F.unix_date("delisted_on"))))
    made = _most_specific(rows, keys, **{DELISTED: day, CATEGORY: F.col(CATEGORY)})
    return made.where(F.col(DELISTED).isNotNull() | F.col(CATEGORY).isNotNull())


def _number(days: Column) -> Column:
    return days.cast("double")


_LISTS = {"plans": _plans, "products": _attributes, "stock": _stock_outs, "priors": _priors}
