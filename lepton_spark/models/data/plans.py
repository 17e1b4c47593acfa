"""Planned promotions of a batch as date ranges, expanded to days on demand."""

from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Plans:
    """N planned promotions of S series.

    series: [N], row of the series. first_day, last_day: [N], epoch days, inclusive. known_day: [N], the first
    cutoff at which the plan is known. measures: [N, K], in [0, 1]. horizon: columns after the cutoff.
    """

    n_series: int
    series: IntArray
    first_day: IntArray
    last_day: IntArray
    known_day: IntArray
    measures: FloatArray
    horizon: int

    def by_day(self, days: IntArray, period: int = 1) -> FloatArray:
        """[S, T+H, K], mean measures of each column of `period` days, as known on the last of `days`.

        0 where nothing is planned. Where plans overlap, the one known last wins; among equals, the one whose
        measures have the largest sum.

        days: [T], the last epoch day of each column.
        """
        n_days = (len(days) + self.horizon) * period
        expanded = np.zeros((self.n_series, n_days, self.measures.shape[1]))
        if not len(days):
            return expanded[:, : self.horizon]
        start = int(days[0]) - period + 1
        end = start + n_days - 1
        is_known = (self.known_day <= days[-1]) & (self.first_day <= end) & (self.last_day >= start)
        rows = np.flatnonzero(is_known)
        rows = rows[np.lexsort((self.measures[rows].sum(axis=1), self.known_day[rows]))]
        first = np.maximum(self.first_day[rows], start) - start
        length = np.minimum(self.last_day[rows], end) - start - first + 1
        plan = np.repeat(np.arange(len(rows)), length)
        day = np.arange(len(plan)) - np.repeat(np.cumsum(length) - length, length) + first[plan]
        expanded[self.series[rows][plan], day] = self.measures[rows][plan]  # the last write wins
        columns: FloatArray = expanded.reshape(self.n_series, -1, period, expanded.shape[2]).mean(axis=2)
        return columns

    @property
    def has_late_plans(self) -> bool:
        """Whether a plan became known only after it had begun."""
        return bool(np.any(self.known_day > self.first_day))

    def select(self, rows: IntArray | BoolArray) -> "Plans":
        """The plans of some of the series, in the order of `rows`."""
        selected = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        new_row = np.full(self.n_series, -1, dtype=np.int64)
        new_row[selected] = np.arange(len(selected))
        kept = np.flatnonzero(new_row[self.series] >= 0)
        return replace(
            self,
            n_series=len(selected),
            series=new_row[self.series[kept]],
            first_day=self.first_day[kept],
            last_day=self.last_day[kept],
            known_day=self.known_day[kept],
            measures=self.measures[kept],
        )
