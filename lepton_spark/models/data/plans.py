"""Promotions that are known ahead, as sparse stretches of days, laid out by day when they are needed."""

from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Plans:
    """Planned promotions of a batch of S series.

    series: [N], whose plan it is. first_day, last_day: [N], epoch days, both counted. known_day: [N], from
    which cutoff on it counts. measures: [N, K], in [0, 1]. horizon: days after a cutoff that are laid out.
    """

    n_series: int
    series: IntArray
    first_day: IntArray
    last_day: IntArray
    known_day: IntArray
    measures: FloatArray
    horizon: int

    def by_day(self, days: IntArray, period: int = 1) -> FloatArray:
        """[S, T+H, K], the measures of columns of `period` days that end on days [T], and of H after them.

        As known on the last; the mean over a column's days; 0 where nothing is planned.
        Of several plans for a day the one known last counts, of those the one whose measures sum to most.
        """
        n_days = (len(days) + self.horizon) * period
        laid_out = np.zeros((self.n_series, n_days, self.measures.shape[1]))
        if not len(days):
            return laid_out[:, : self.horizon]
        start = int(days[0]) - period + 1
        end = start + n_days - 1
        counts = (self.known_day <= days[-1]) & (self.first_day <= end) & (self.last_day >= start)
        rows = np.flatnonzero(counts)
        rows = rows[np.lexsort((self.measures[rows].sum(axis=1), self.known_day[rows]))]
        first = np.maximum(self.first_day[rows], start) - start
        length = np.minimum(self.last_day[rows], end) - start - first + 1
        of = np.repeat(np.arange(len(rows)), length)
        day = np.arange(len(of)) - np.repeat(np.cumsum(length) - length, length) + first[of]
        laid_out[self.series[rows][of], day] = self.measures[rows][of]  # the last of equal places stays
        columns: FloatArray = laid_out.reshape(self.n_series, -1, period, laid_out.shape[2]).mean(axis=2)
        return columns

    @property
    def told_late(self) -> bool:
        """Whether one was known only after it had begun."""
        return bool(np.any(self.known_day > self.first_day))

    def select(self, rows: IntArray | BoolArray) -> "Plans":
        """The plans of some of the series, in the order of `rows`."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        place = np.full(self.n_series, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        kept = np.flatnonzero(place[self.series] >= 0)
        return replace(
            self,
            n_series=len(chosen),
            series=place[self.series[kept]],
            first_day=self.first_day[kept],
            last_day=self.last_day[kept],
            known_day=self.known_day[kept],
            measures=self.measures[kept],
        )
