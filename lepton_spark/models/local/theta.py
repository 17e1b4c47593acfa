"""The Theta method: the mean of a straight line and a smoothed line with twice the curvature."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import ratio
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import SEASON_LENGTH, History, weekdays
from lepton_spark.models.data.parts import LEVEL, TREND, WEEKDAY, Parts
from lepton_spark.models.local.linear import fit_line
from lepton_spark.models.local.smoothing_grid import (
    ALPHAS,
    ScaledDays,
    as_column,
    best_row,
    of_period,
    pick,
    scaled_days,
    warm_up_mean,
)

CRITICAL = 1.6448536269514722
"""95 % quantile of the normal distribution, for the one-sided test of seasonal autocorrelation."""


@dataclass(frozen=True)
class Theta:
    """The mean of the theta lines 0 and 2: least squares on time, and 2 y - line smoothed and kept level.

    Equal to simple smoothing with a drift of half the slope (Hyndman and Billah). `alpha` is the one of
    `alphas` with the least one-step squared error; unknown days change nothing. `start` is in units; without
    it line 2 starts at its mean over the first 14 known days, which are not scored. Where the
    autocorrelation at 7 days is significant, the published rule, a weekly profile is removed before and
    added back after.
    NaN rows with fewer than two known days, or with an infinite one.
    Coefficients: `alpha`, `level` of line 2 in units, `slope` in units per column, `seasonal` 1 or 0.

    Source: Assimakopoulos and Nikolopoulos (2000); Hyndman and Billah (2003).
    """

    alphas: tuple[float, ...] = ALPHAS
    start: float | None = None

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Fit both lines of all series at once."""
        days, n_days = scaled_days(history), history.n_days
        value, known = np.ascontiguousarray(days.value.T), np.ascontiguousarray(days.known.T)  # [S, T]
        weekday = weekdays(history.days[0] + history.period * np.arange(n_days + horizon))
        seasonal = is_seasonal(value, known) & (history.season_length > 1)
        profile = weekly_profile(value, known, weekday[:n_days]) * seasonal[:, np.newaxis]  # [S, 7]
        adjusted = value - np.take(profile, weekday[:n_days], axis=1)  # contiguous rows, unlike an index
        x = np.arange(n_days + horizon, dtype=np.float64)
        line = fit_line(x[:n_days], np.where(known > 0, adjusted, np.nan))
        straight = line.predict(x)  # [S, T+H], theta = 0
        curved = 2.0 * adjusted - straight[:, :n_days]  # [S, T], theta = 2
        alpha, level = self._smooth(days, curved, warm_up_mean(curved, known, days.n_warm_up), history.period)
        forecast = (level[:, np.newaxis] + straight[:, n_days:]) / 2.0 + profile[:, weekday[n_days:]]
        slope = np.asarray(line.b1)
        coefficients = {"level": days.to_units(level), "slope": days.to_units(slope)}
        for name, values in {"alpha": alpha, "seasonal": seasonal.astype(np.float64)}.items():
            coefficients[name] = np.where(np.isnan(slope), np.nan, days.where_fittable(values))

        def explain() -> Parts:
            today = (level[:, np.newaxis] + straight[:, [n_days - 1]]) / 2.0
            rise = (straight[:, n_days:] - straight[:, [n_days - 1]]) / 2.0
            terms = {LEVEL: today, TREND: rise, WEEKDAY: profile[:, weekday[n_days:]]}
            return Parts({group: days.to_units(values) for group, values in terms.items()})

        return Fit(days.to_units(forecast), coefficients, explain=explain)

    def _smooth(
        self, days: ScaledDays, curved: FloatArray, start: FloatArray, period: int
    ) -> tuple[FloatArray, FloatArray]:
        """The chosen alpha and the last level, [S] each, of line 2."""
        alpha = as_column(of_period(alpha, period) for alpha in self.alphas)
        if self.start is not None:
            start = days.from_units(self.start)
        level = np.repeat(start[np.newaxis], len(alpha), axis=0)  # [P, S]
        total = np.zeros_like(level)
        for day, value in enumerate(np.ascontiguousarray(curved.T)):
            error = (value - level) * days.known[day]
            level += alpha * error
            total += days.scored[day] * error * error
        chosen = best_row(total, days.size)
        return pick(alpha, chosen), pick(level, chosen)


def is_seasonal(value: FloatArray, known: FloatArray) -> BoolArray:
    """[S], whether |r7|, the autocorrelation, is above 1.645 sqrt((1 + 2 (r1^2 + .. + r6^2)) / n).

    value, known: [S, T]; pairs with an unknown day count as 0. False with fewer than two weeks of known days.
    """
    n_known = known.sum(axis=1)
    mean = ratio(np.sum(value * known, axis=1), n_known)
    deviation = (value - mean[:, np.newaxis]) * known
    variance = np.sum(deviation**2, axis=1)
    lagged = [np.sum(deviation[:, :-lag] * deviation[:, lag:], axis=1) for lag in range(1, SEASON_LENGTH + 1)]
    correlation = ratio(np.stack(lagged, axis=1), variance[:, np.newaxis])  # [S, 7]
    noise = ratio(1.0 + 2.0 * np.sum(correlation[:, :-1] ** 2, axis=1), n_known)
    above = np.abs(correlation[:, -1]) > CRITICAL * np.sqrt(noise)
    seasonal: BoolArray = above & (n_known >= 2 * SEASON_LENGTH)
    return seasonal


def weekly_profile(value: FloatArray, known: FloatArray, weekday: IntArray) -> FloatArray:
    """[S, 7], mean deviation of each weekday from the week around it, centred on 0.

    The classical additive decomposition. The level around a day is the mean of the known days within three
    days of it; the first and last three days of a history are left out.

    value, known: [S, T]; weekday: [T].
    """
    inside = value.shape[1] - SEASON_LENGTH + 1  # days that have a whole week around them
    profile = np.zeros((len(value), SEASON_LENGTH))
    if inside < 1:
        return profile
    total, n_known = np.zeros((len(value), inside)), np.zeros((len(value), inside))
    for shift in range(SEASON_LENGTH):
        total += (value * known)[:, shift : shift + inside]
        n_known += known[:, shift : shift + inside]
    middle = slice(SEASON_LENGTH // 2, SEASON_LENGTH // 2 + inside)
    weight = known[:, middle]
    deviation = (value[:, middle] - ratio(total, n_known)) * weight
    for first, day in enumerate(weekday[middle][:SEASON_LENGTH]):
        on = slice(first, None, SEASON_LENGTH)
        profile[:, day] = ratio(np.sum(deviation[:, on], axis=1), np.sum(weight[:, on], axis=1))
    profile -= profile.mean(axis=1, keepdims=True)
    return profile
