"""Changes of `sales` to packed rows, so that one more day does not cost a year of sales."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.panel.pack import PACKED, UNKNOWN
from lepton_spark.tables.schemas.schema import SERIES_KEY

YEAR_KEY = (*SERIES_KEY, "chunk")
_VALUES = ("quantity", "price")


def changes_by_year(changes: DataFrame) -> DataFrame:
    """Changes of `sales`, one row per series and year: `place`, `day` and the new values as lists.

    changes: rows of the change data feed. place: the order of the changes of a day. new_quantity: NaN for a
    deleted row.
    """
    is_left, nothing = F.col("_change_type") != F.lit("delete"), F.lit(float("nan"))
    changed = changes.where(F.col("_change_type") != F.lit("update_preimage")).select(
        *SERIES_KEY,
        F.year("date").alias("chunk"),
        (F.col("_commit_version") * 2 + is_left.cast("int")).alias("place"),
        F.unix_date("date").alias("day"),
        F.when(is_left, F.coalesce("quantity", F.lit(UNKNOWN))).otherwise(nothing).alias("new_quantity"),
        F.when(is_left, F.coalesce("price", nothing)).otherwise(nothing).alias("new_price"),
    )
    lists = (F.collect_list(name).alias(name) for name in ("place", "day", "new_quantity", "new_price"))
    return changed.groupBy(*YEAR_KEY).agg(*lists)


def updated(panel: DataFrame, changed: DataFrame) -> DataFrame:
    """The rows of `panel` with the changes, and those that it lacks: what `pack` gives for the sales by now.

    changed: from `changes_by_year`.
    """
    known = panel.join(changed, list(YEAR_KEY), "left")
    new = changed.join(panel.select(*YEAR_KEY), list(YEAR_KEY), "left_anti")
    return known.unionByName(new, allowMissingColumns=True).mapInArrow(_apply, PACKED)


def _apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        yield _applied(columns, batch.num_rows)


def _applied(columns: Mapping[str, pa.Array], n_rows: int) -> pa.RecordBatch:
    """The packed rows after their changes; a row of which no day is left is dropped."""
    packed, changed = _packed_days(columns), _changed_days(columns)
    begin, end = np.full(n_rows, np.iinfo(np.int64).max), np.zeros(n_rows, dtype=np.int64)
    for days in (packed, changed):
        np.minimum.at(begin, days.row, days.day)
        np.maximum.at(end, days.row, days.day + 1)
    offset = np.concatenate([[0], np.cumsum(end - begin)])
    dense = {name: np.full(offset[-1], np.nan) for name in _VALUES}
    for days in (packed, changed):
        position = offset[days.row] + days.day - begin[days.row]
        for name in _VALUES:
            dense[name][position] = days.values[name]
    known = np.flatnonzero(~np.isnan(dense["quantity"]))
    edges = np.searchsorted(known, offset)
    is_left = edges[1:] > edges[:-1]
    start, stop = known[edges[:-1][is_left]], known[edges[1:][is_left] - 1] + 1
    lists = {name: _lists(values, start, stop - start) for name, values in dense.items()}
    first = (begin - offset[:-1])[is_left] + start
    keys = {name: columns[name].filter(pa.array(is_left)) for name in YEAR_KEY}
    return pa.RecordBatch.from_pydict(
        {**keys, "first_date": pa.array(first, pa.int32()).cast(pa.date32()), **lists}
    )


@dataclass(frozen=True)
class _Days:
    """Days of packed rows, each once: `row` [N] in the batch, epoch `day` [N] and `values` [N] by name."""

    row: IntArray
    day: IntArray
    values: Mapping[str, FloatArray]


def _packed_days(columns: Mapping[str, pa.Array]) -> _Days:
    """The days of rows that `panel` holds; none where `first_date` is null."""
    lengths = _lengths(columns["quantity"])
    first = columns["first_date"].cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
    day = np.repeat(first, lengths) + _within(lengths)
    values = {name: _flat(columns[name]).astype(np.float64) for name in _VALUES}
    return _Days(np.repeat(np.arange(len(lengths)), lengths), day, values)


def _changed_days(columns: Mapping[str, pa.Array]) -> _Days:
    """The last change of each day."""
    lengths = _lengths(columns["day"])
    row, day = np.repeat(np.arange(len(lengths)), lengths), _flat(columns["day"]).astype(np.int64)
    order = np.lexsort((_flat(columns["place"]), day, row))
    row, day = row[order], day[order]
    is_last = np.append((row[1:] != row[:-1]) | (day[1:] != day[:-1]), [True] * bool(len(row)))
    is_last = is_last.astype(np.bool_)
    values = {name: _flat(columns[f"new_{name}"])[order][is_last] for name in _VALUES}
    return _Days(row[is_last], day[is_last], values)


def _lengths(lists: pa.ListArray) -> IntArray:
    lengths: IntArray = pc.list_value_length(lists).fill_null(0).to_numpy().astype(np.int64)
    return lengths


def _within(lengths: IntArray) -> IntArray:
    """0, 1, ... within each list."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _flat(lists: pa.ListArray) -> FloatArray | IntArray:
    values: FloatArray | IntArray = lists.flatten().to_numpy(zero_copy_only=False)  # null becomes NaN
    return values


def _lists(values: FloatArray, start: IntArray, lengths: IntArray) -> pa.ListArray:
    """Slices of the values as lists; NaN becomes null."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    listed = values[np.repeat(start, lengths) + _within(lengths)]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(listed, from_pandas=True))
