"""Arrow columns to numpy arrays and back, whole columns at a time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lepton_spark.models.batch import BoolArray, FloatArray, IntArray
from lepton_spark.panel.dense import PackedBatch

SERIES_ORDER = [("product_id", "ascending"), ("location_id", "ascending")]


def packed_batch(rows: pa.Table) -> PackedBatch:
    """The packed rows of a batch; `rows` are sorted by series."""
    quantity = rows["quantity"].combine_chunks()
    lengths = pc.list_value_length(quantity).to_numpy(zero_copy_only=False)
    return PackedBatch(
        product_ids=tuple(rows["product_id"].to_pylist()),
        location_ids=tuple(rows["location_id"].to_pylist()),
        first_day=rows["first_day"].to_numpy().astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        quantity=floats(quantity.flatten()),
    )


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
