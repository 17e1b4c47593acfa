"""Packed rows of a batch, as pandas hands them to a UDF, to numpy arrays."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.panel.covariates import CATEGORY
from lepton_spark.panel.dense import COVARIATE_LISTS, PackedBatch, Ragged
from lepton_spark.tables.schemas.schema import SERIES_KEY

KEY = list(SERIES_KEY)


def packed_batch(rows: pd.DataFrame) -> PackedBatch:
    """The series of a batch sorted by key, each with its years in order.

    rows: one row per series and year, with `first_day` and `quantity`, and rows with lists of covariates,
    where `first_day` is null.
    """
    years = rows[rows["first_day"].notna()].sort_values([*KEY, "first_day"], kind="stable")
    is_first = ~years.duplicated(KEY).to_numpy()
    keys = years.loc[is_first, KEY]
    quantity = years["quantity"].tolist()
    return PackedBatch(
        product_ids=tuple(keys[KEY[0]]),
        location_ids=tuple(keys[KEY[1]]),
        series=np.cumsum(is_first) - 1,
        first_day=years["first_day"].to_numpy(dtype=np.int64),
        offsets=np.concatenate([[0], np.cumsum([len(values) for values in quantity], dtype=np.int64)]),
        quantity=np.concatenate([np.zeros(0), *quantity]),
        covariates={name: _ragged(rows, keys, name) for name in COVARIATE_LISTS if name in rows.columns},
        categories=_categories(rows, keys) if CATEGORY in rows.columns else (),
    )


def _categories(rows: pd.DataFrame, keys: pd.DataFrame) -> tuple[str | None, ...]:
    """The category of each series."""
    known = rows.loc[rows[CATEGORY].notna(), [*KEY, CATEGORY]]
    found = {(product, place): name for product, place, name in known.itertuples(index=False, name=None)}
    return tuple(found.get(key) for key in keys.itertuples(index=False, name=None))


def _ragged(rows: pd.DataFrame, keys: pd.DataFrame, name: str) -> Ragged:
    """The lists of one covariate, in the order of the series."""
    row_of = {key: row for row, key in enumerate(keys.itertuples(index=False, name=None))}
    lists = rows.loc[rows[name].notna(), [*KEY, name]]
    by_row = sorted(
        (row_of[(product, location)], values)
        for product, location, values in lists.itertuples(index=False, name=None)
        if (product, location) in row_of
    )
    lengths = [len(values) for _, values in by_row]
    series: IntArray = np.repeat(np.array([row for row, _ in by_row], dtype=np.int64), lengths)
    return Ragged(series, np.concatenate([np.zeros(0), *(values for _, values in by_row)]))


def single(packed: PackedBatch, position: int) -> PackedBatch:
    """One series of a batch as a batch of its own."""
    years = np.flatnonzero(packed.series == position)
    days = slice(int(packed.offsets[years[0]]), int(packed.offsets[years[-1] + 1]))
    return PackedBatch(
        product_ids=packed.product_ids[position : position + 1],
        location_ids=packed.location_ids[position : position + 1],
        series=np.zeros(len(years), dtype=np.int64),
        first_day=packed.first_day[years],
        offsets=packed.offsets[years[0] : years[-1] + 2] - packed.offsets[years[0]],
        quantity=packed.quantity[days],
        covariates={name: _of_series(lists, position) for name, lists in packed.covariates.items()},
        categories=packed.categories[position : position + 1],
    )


def _of_series(lists: Ragged, position: int) -> Ragged:
    values: FloatArray = lists.values[lists.series == position]
    return Ragged(np.zeros(len(values), dtype=np.int64), values)


def rows_of(values: FloatArray | IntArray) -> list[object]:
    """One array per row, for a list column of a data frame; 3-D arrays give a list of arrays per row."""
    if values.ndim > 2:
        return [list(row) for row in values]
    return list(values)


def nullable(values: Sequence[int], *, null: int) -> pd.Series:
    """Integers with one value as null."""
    series = pd.Series(values, dtype="Int64")
    return series.mask(series == null)
