"""Forecast errors as sums, to be pooled over steps, windows, series and segments; division comes last.

Everywhere error = forecast - actual in units, and a NaN actual or forecast is not scored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Scales:
    """One-step naive errors before a cutoff; NaN where no two known days differ.

    abs_change, squared_change: [...], means in units and units squared.
    """

    abs_change: FloatArray
    squared_change: FloatArray

    def select(self, rows: IntArray) -> "Scales":
        """The scales of some of the series."""
        return Scales(self.abs_change[rows], self.squared_change[rows])


@dataclass(frozen=True)
class ErrorSums:
    """Sums over scored observations, arrays of one shape; every field may be added up.

    n_obs: scored observations. n_scaled: those of series that have a scale.
    sse, abs_error, sum_error: of the error, units (squared for sse).
    sum_actual: of |actual|. scaled_sse, scaled_abs_error: of the error over the series' scale.
    """

    n_obs: FloatArray
    n_scaled: FloatArray
    sse: FloatArray
    abs_error: FloatArray
    sum_error: FloatArray
    sum_actual: FloatArray
    scaled_sse: FloatArray
    scaled_abs_error: FloatArray

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields in order."""
        return tuple(item.name for item in fields(cls))

    @classmethod
    def zeros(cls, *shape: int) -> "ErrorSums":
        """Nothing scored."""
        return cls(*(np.zeros(shape) for _ in fields(cls)))

    @classmethod
    def stacked(cls, parts: Sequence["ErrorSums"], axis: int = 0) -> "ErrorSums":
        """Equally shaped sums along a new axis."""
        return cls(*(np.stack([getattr(part, name) for part in parts], axis=axis) for name in cls.names()))

    def map(self, change: Callable[[FloatArray], FloatArray]) -> "ErrorSums":
        """Apply the same change, such as a slice, to every field."""
        return ErrorSums(*(change(getattr(self, name)) for name in self.names()))

    def pool(self, axis: int | tuple[int, ...]) -> "ErrorSums":
        """Add up along an axis."""
        return self.map(lambda values: np.sum(values, axis=axis))

    def expanded(self, rows: IntArray, n_series: int) -> "ErrorSums":
        """[..., S] sums from those of some rows; nothing scored in the others."""

        def expand(values: FloatArray) -> FloatArray:
            every = np.zeros((*values.shape[:-1], n_series))
            every[..., rows] = values
            return every

        return self.map(expand)


def naive_scales(quantity: FloatArray, columns: IntArray) -> Scales:
    """[W, S], mean change from one known day to the next, up to each of the columns (inclusive).

    quantity: [S, T], units; NaN = unknown and skipped. columns: [W]; a negative one has no days.
    """
    at = np.maximum(columns, 0)
    seen = quantity[:, : int(at.max(initial=0)) + 1]
    change, counted = _changes(seen)
    count = np.cumsum(counted, axis=1, dtype=np.int32)[:, at].T * (columns >= 0)[:, np.newaxis]  # [W, S]
    totals = [np.cumsum(values, axis=1)[:, at].T for values in (change, change * change)]
    means = [np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0) for total in totals]
    return Scales(*(np.where(mean > 0, mean, np.nan) for mean in means))


def _changes(quantity: FloatArray) -> tuple[FloatArray, BoolArray]:
    """[S, T] each: the absolute change from one known day to the next, else 0, and where there is one."""
    known = ~np.isnan(quantity)
    change, counted = np.zeros(quantity.shape), np.zeros(quantity.shape, dtype=np.bool_)
    counted[:, 1:] = known[:, 1:] & known[:, :-1]
    np.subtract(quantity[:, 1:], quantity[:, :-1], out=change[:, 1:], where=counted[:, 1:])
    for row in np.flatnonzero((known[:, :-1] & ~known[:, 1:]).any(axis=1)).tolist():  # it has a gap
        days = np.flatnonzero(known[row])
        change[row, days[1:]] = np.diff(quantity[row, days])
        counted[row, days[1:]] = True
    return np.abs(change), counted


def error_sums(actual: FloatArray, forecast: FloatArray, scales: Scales) -> ErrorSums:
    """Sums over the last axis of the observations whose actual and forecast are known.

    actual, forecast: [..., S, H], units. scales: [..., S].
    """
    error = forecast - actual
    scored = ~np.isnan(error)
    error = np.where(scored, error, 0.0)
    n_obs = np.count_nonzero(scored, axis=-1).astype(np.float64)
    sse = np.einsum("...h,...h->...", error, error)
    abs_error = np.abs(error).sum(axis=-1)
    scaled = scales.abs_change > 0
    return ErrorSums(
        n_obs=n_obs,
        n_scaled=np.where(scaled, n_obs, 0.0),
        sse=sse,
        abs_error=abs_error,
        sum_error=error.sum(axis=-1),
        sum_actual=np.where(scored, np.abs(actual), 0.0).sum(axis=-1),
        scaled_sse=np.where(scaled, sse / scales.squared_change, 0.0),
        scaled_abs_error=np.where(scaled, abs_error / scales.abs_change, 0.0),
    )
