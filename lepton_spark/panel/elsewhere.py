"""What the other locations of a product sold: lists by week, made from all its series and read with each."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.elsewhere import Elsewhere
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.panel.dense import ELSEWHERE, PackedBatch


def elsewhere_lists(history: History, product_ids: Sequence[str]) -> list[FloatArray]:
    """[S] lists: units of the product's other series by week, then their known columns by week.

    Weeks end with the history; a list begins with the first week in which another series has a known column,
    and is empty if none has.

    history: of all series of each product. product_ids: [S].
    """
    _, product = np.unique(np.array(product_ids, dtype=object), return_inverse=True)
    units = _of_others(_by_week(history.filled_damped, history.period), product)
    columns = _of_others(_by_week(history.known_weight, history.period), product)
    first = np.where(columns.any(axis=1), np.argmax(columns > 0, axis=1), columns.shape[1])
    return [np.concatenate([units[row, week:], columns[row, week:]]) for row, week in enumerate(first)]


def elsewhere_of(packed: PackedBatch, cutoff: int) -> Elsewhere | None:
    """The lists of a batch as arrays of weeks that end with the cutoff; None if no series has one."""
    lists = packed.covariates.get(ELSEWHERE)
    if lists is None or not lists.values.size:
        return None
    n_weeks = np.bincount(lists.series, minlength=len(packed.product_ids)) // 2  # by series
    width = int(n_weeks.max())
    begin = np.cumsum(2 * n_weeks) - 2 * n_weeks
    within = np.arange(len(lists.values)) - begin[lists.series]
    half, week = np.divmod(within, n_weeks[lists.series])
    arrays = np.zeros((2, len(n_weeks), width))
    arrays[half, lists.series, week + width - n_weeks[lists.series]] = lists.values
    return Elsewhere(arrays[0], arrays[1], cutoff - SEASON_LENGTH * np.arange(width - 1, -1, -1))


def _by_week(values: FloatArray, period: int) -> FloatArray:
    """[S, W], sums over weeks of columns of `period` days; the last week ends with the last column."""
    per_week = SEASON_LENGTH // period
    padded = np.pad(values, ((0, 0), (-values.shape[1] % per_week, 0)))
    sums: FloatArray = padded.reshape(len(values), -1, per_week).sum(axis=2)
    return sums


def _of_others(values: FloatArray, product: IntArray) -> FloatArray:
    """[S, W], sums over the series of the same product less the series' own values; never negative."""
    total = np.zeros((len(values), values.shape[1]))
    np.add.at(total, product, values)
    others: FloatArray = np.maximum(total[product] - values, 0.0)
    return others
