"""The stock of each series, from the rows of `stock_levels`, and the orders of all series."""

from collections.abc import Iterator

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.inventory.demand import FIT_COLUMNS
from lepton_spark.inventory.orders.rows import ROW_SCHEMA, OrderBatch
from lepton_spark.inventory.terms import TERM_COLUMNS
from lepton_spark.panel.covariates import for_each_series
from lepton_spark.tables.schemas.schema import SERIES_KEY

NO_LOCATIONS = "all"
"""The location of series of data without locations."""

COUNTED = ("on_hand", "backorders")


def inventory_rows(fits: DataFrame, stock_levels: DataFrame, batch: OrderBatch) -> DataFrame:
    """The rows of `inventory` without run, cutoff and service; one for each series.

    fits: the rows of a run.
    """
    series = fits.select(*SERIES_KEY, *FIT_COLUMNS)
    joined = series.join(stock_of_series(stock_levels, fits.select(*SERIES_KEY)), [*SERIES_KEY], "left")

    def with_orders(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        return (batch(frame) for frame in frames)

    rows = joined.mapInPandas(with_orders, ROW_SCHEMA)
    dates = ("order_date", "receipt_date", "next_receipt_date")
    return rows.withColumns({name: F.date_from_unix_date(name) for name in dates})


def stock_of_series(stock_levels: DataFrame, keys: DataFrame) -> DataFrame:
    """One row for each series that a row of `stock_levels` applies to.

    Each parameter is that of the series' own location, else that of every location. Stock and orders of a row
    for every location count only if the sales have no locations: else it is unknown where the units are.
    """
    rows = for_each_series(stock_levels, keys)
    counts = F.col("own") | (F.col("location_id") == F.lit(NO_LOCATIONS))
    due = F.when(
        counts & (F.col("on_order") > 0),
        F.struct(F.unix_date("due_date").alias("day"), F.col("on_order").alias("units")),
    )
    columns = {name: _most_specific(F.col(name)) for name in TERM_COLUMNS}
    columns |= {name: _most_specific(F.when(counts, F.col(name))) for name in COUNTED}
    columns["as_of_day"] = _most_specific(F.when(counts, F.unix_date("as_of").cast("double")))
    named = [value.alias(name) for name, value in columns.items()]
    by_series = rows.groupBy(*SERIES_KEY).agg(*named, F.sort_array(F.collect_list(due)).alias("due"))
    lists = {"due_days": F.col("due.day"), "due_units": F.col("due.units")}
    return by_series.withColumns(lists).drop("due")


def _most_specific(value: Column) -> Column:
    """The value of the series' own location, else that of every location; null where neither has one."""
    return F.max_by(value, F.when(value.isNotNull(), F.col("own").cast("int")))
