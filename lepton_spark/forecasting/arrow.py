"""Arrow columns to numpy arrays and back, whole columns at a time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.panel.dense import SIDE_LISTS, PackedBatch, Ragged

SERIES_ORDER = [("product_id", "ascending"), ("location_id", "ascending")]
_DAY_ORDER = [*SERIES_ORDER, ("first_day", "ascending")]


def by_series(rows: pa.Table) -> pa.Table:
    """Packed years in any order as one row a series, sorted; `first_day` and `n_days` list its years.

    `quantity` holds the years one after another, without the days between them.
    """
    rows, told = _without_side(rows)
    rows = rows.sort_by(_DAY_ORDER).combine_chunks()
    quantity = rows["quantity"].combine_chunks()
    n_days = pc.list_value_length(quantity).to_numpy(zero_copy_only=False)
    days = np.concatenate([[0], np.cumsum(n_days, dtype=np.int64)])
    begins = np.append(_first_rows(rows), rows.num_rows).astype(np.int32)
    years = pa.array(begins)
    lists_of = {
        "first_day": pa.ListArray.from_arrays(years, rows["first_day"].combine_chunks()),
        "n_days": pa.ListArray.from_arrays(years, pa.array(n_days, type=pa.int32())),
        "quantity": pa.ListArray.from_arrays(pa.array(days[begins].astype(np.int32)), quantity.flatten()),
    }
    ids = rows.select(["batch", "product_id", "location_id"]).take(pa.array(begins[:-1]))
    if told:
        keys = list(zip(ids["product_id"].to_pylist(), ids["location_id"].to_pylist(), strict=True))
        doubles = pa.list_(pa.float64())
        lists_of |= {name: pa.array([of.get(key) for key in keys], doubles) for name, of in told.items()}
    return pa.table({**{name: ids[name] for name in ids.column_names}, **lists_of})


def _without_side(rows: pa.Table) -> tuple[pa.Table, dict[str, dict[tuple[str, str], list[float]]]]:
    """The packed years, and by name the lists beside them of each series."""
    names = [name for name in SIDE_LISTS if name in rows.column_names]
    if not names:
        return rows, {}
    found = {}
    for name in names:
        told = rows.filter(pc.is_valid(rows[name]))
        ids = zip(told["product_id"].to_pylist(), told["location_id"].to_pylist(), strict=True)
        found[name] = dict(zip(ids, told[name].to_pylist(), strict=True))
    return rows.filter(pc.is_valid(rows["first_day"])).drop_columns(names), found


def _first_rows(rows: pa.Table) -> IntArray:
    """Places of the first row of each series among sorted rows."""
    if rows.num_rows == 0:
        return np.zeros(0, dtype=np.int64)
    changes = np.zeros(rows.num_rows, dtype=np.bool_)
    changes[0] = True
    for name in ("product_id", "location_id"):
        ids = rows[name].combine_chunks()
        changes[1:] |= pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    first: IntArray = np.flatnonzero(changes)
    return first


def packed_batch(rows: pa.Table) -> PackedBatch:
    """The packed rows of a batch out of those of `by_series`."""
    first_day = rows["first_day"].combine_chunks()
    n_years = pc.list_value_length(first_day).to_numpy(zero_copy_only=False)
    n_days = rows["n_days"].combine_chunks().flatten().to_numpy()
    return PackedBatch(
        product_ids=tuple(rows["product_id"].to_pylist()),
        location_ids=tuple(rows["location_id"].to_pylist()),
        series=np.repeat(np.arange(rows.num_rows), n_years),
        first_day=first_day.flatten().to_numpy().astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(n_days, dtype=np.int64)]),
        quantity=floats(rows["quantity"].combine_chunks().flatten()),
        side={name: _ragged(rows[name]) for name in SIDE_LISTS if name in rows.column_names},
    )


def _ragged(column: pa.ChunkedArray) -> Ragged:
    lists_of = column.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists_of), 0).to_numpy(zero_copy_only=False)
    return Ragged(np.repeat(np.arange(len(lists_of)), lengths), floats(lists_of.flatten()))


def floats(column: pa.Array) -> FloatArray:
    """Doubles, null as NaN."""
    values: FloatArray = column.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return values


def nullable(values: FloatArray) -> pa.Array:
    """Doubles, NaN as null."""
    return pa.array(values, type=pa.float64(), from_pandas=True)


def lists(values: FloatArray) -> pa.Array:
    """[S, N] as a list a row, or [S, M, N] as a list of lists."""
    inner: pa.Array = pa.array(np.ascontiguousarray(values).reshape(-1), type=pa.float64())
    for size, count in _nesting(values.shape):
        offsets = np.arange(0, (count + 1) * size, size, dtype=np.int32)
        inner = pa.ListArray.from_arrays(pa.array(offsets), inner)
    return inner


def _nesting(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """(length of each list, how many lists) from the innermost level outwards."""
    counts = np.cumprod(shape)
    return [(shape[level], int(counts[level - 1])) for level in range(len(shape) - 1, 0, -1)]


def struct_lists(fields: Mapping[str, pa.Array], lengths: IntArray) -> pa.Array:
    """A list of structs a row; `fields` hold all rows' structs one after another."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    structs = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
    return pa.ListArray.from_arrays(pa.array(offsets), structs)


def masked(values: FloatArray, mask: BoolArray) -> pa.Array:
    """Doubles, null where `mask` is False."""
    return pa.array(values, type=pa.float64(), mask=~mask)


def maps(rows: Sequence[Mapping[str, float]]) -> pa.Array:
    """A map of names to finite numbers a row."""
    pairs = [[(name, value) for name, value in row.items() if np.isfinite(value)] for row in rows]
    return pa.array(pairs, type=pa.map_(pa.string(), pa.float64()))
