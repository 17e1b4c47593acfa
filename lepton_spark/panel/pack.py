"""Daily sales to packed series: one row per series and year."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.tables.schemas.schema import SERIES_KEY

UNKNOWN = -1.0
"""Quantity in `panel` of a day whose demand is unknown. A day without a row in `sales` is null."""

PACKED = (
    "product_id STRING, location_id STRING, chunk INT, first_date DATE, quantity ARRAY<DOUBLE>, "
    "price ARRAY<DOUBLE>"
)
"""Schema of packed rows."""


def pack(sales: DataFrame) -> DataFrame:
    """Rows of `sales` as rows of `panel`: arrays by day, from a year's first row in `sales` to its last.

    A day between them without a row is null in both arrays; an unknown quantity is UNKNOWN.

    The values are placed on their days in Python, where a batch of arrays is one array.
    """
    observed = sales.select(
        F.hash(*SERIES_KEY).alias("series_hash"),  # compares faster than codes
        *SERIES_KEY,
        F.year("date").alias("chunk"),
        F.unix_date("date").alias("day"),
        F.coalesce("quantity", F.lit(UNKNOWN)).alias("quantity"),
        F.coalesce("price", F.lit(float("nan"))).alias("price"),  # collect_list leaves nulls out
    )
    key = ("series_hash", *SERIES_KEY, "chunk")
    lists = (F.collect_list(name).alias(name) for name in ("day", "quantity", "price"))
    collected = observed.repartition("series_hash").groupBy(*key).agg(*lists)
    return collected.drop("series_hash").mapInArrow(_place_on_days, PACKED)


def _place_on_days(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        first, by_day = dense_lists(columns["day"], {name: columns[name] for name in ("quantity", "price")})
        keys = {name: columns[name] for name in (*SERIES_KEY, "chunk")}
        first_date = pa.array(first, pa.int32()).cast(pa.date32())
        yield pa.RecordBatch.from_pydict({**keys, "first_date": first_date, **by_day})


def dense_lists(
    days: pa.ListArray, values: dict[str, pa.ListArray]
) -> tuple[np.ndarray, dict[str, pa.ListArray]]:
    """The first day of each list, and the values of each day up to the last one; null for a day without.

    days: epoch days in any order. values: for each of these days; NaN = unknown.
    """
    ends = days.offsets.to_numpy()
    day, lengths = days.values.to_numpy()[ends[0] : ends[-1]].astype(np.int64), np.diff(ends)
    begins = ends[:-1] - ends[0]
    first, last = np.minimum.reduceat(day, begins), np.maximum.reduceat(day, begins)
    offsets = np.concatenate([[0], np.cumsum(last - first + 1)])
    position = day + np.repeat(offsets[:-1] - first, lengths)
    lists = {}
    for name, listed in values.items():
        dense = np.full(offsets[-1], np.nan)
        start = listed.offsets[0].as_py()
        dense[position] = listed.values.to_numpy()[start : start + len(day)]
        filled = pa.array(dense, from_pandas=True)  # NaN becomes null
        lists[name] = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), filled)
    return first, lists
