"""Additive exponential smoothing: simple, with damped trend, and with weekdays, chosen from one grid."""

from dataclasses import dataclass, fields

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import SEASON_LENGTH, History, weekdays
from lepton_spark.models.data.parts import LEVEL, TREND, WEEKDAY, Parts
from lepton_spark.models.local.linear_design import TREND_DAMPING, WEEKDAY_NAMES
from lepton_spark.models.local.smoothing_grid import (
    ALPHAS,
    ScaledDays,
    as_column,
    best_row,
    of_period,
    pick,
    scaled_days,
)


@dataclass(frozen=True)
class Smoothing:
    """Smoothing parameters of level (alpha), trend (beta) and weekday (gamma), and the damping phi."""

    alpha: float
    beta: float = 0.0
    phi: float = 0.0
    gamma: float = 0.0


PARAMETERS = tuple(field.name for field in fields(Smoothing))
STATES = ("level", "trend", *WEEKDAY_NAMES)

SIMPLE = tuple(Smoothing(alpha) for alpha in ALPHAS)
DAMPED_TREND = tuple(Smoothing(alpha, beta=alpha / 10.0, phi=TREND_DAMPING) for alpha in ALPHAS)
WEEKLY = tuple(Smoothing(alpha, gamma=gamma) for alpha in ALPHAS for gamma in (0.1, 0.05, 0.02))


@dataclass(frozen=True)
class Start:
    """Initial state in units, the same for every series; `season` starts on Monday."""

    level: float
    trend: float = 0.0
    season: tuple[float, ...] = (0.0,) * SEASON_LENGTH


@dataclass(frozen=True)
class ExponentialSmoothing:
    """Additive smoothing with the member of `grid` that has the least one-step squared error.

    error = y - (level + phi trend + weekday); each state is corrected by its parameter times the error.
    An unknown day has no error: level and weekdays stay, the trend continues. Without `start` the level
    starts at the mean of the first 14 known days, trend and weekdays at 0; those days are not scored, and
    a series with no others uses the first member of the grid.
    Weekly columns have no weekday: `gamma` is 0; the other parameters are those of seven days.
    NaN rows without a known day, or with an infinite one.
    Coefficients: the parameters; `level` and weekdays in units, `trend` in units per column, at the cutoff.

    Source: Gardner and McKenzie (1985), the error-correction form; weekdays as in Winters (1960).
    """

    grid: tuple[Smoothing, ...] = SIMPLE + DAMPED_TREND + WEEKLY
    start: Start | None = None

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Run all series and all members of the grid through the days at once."""
        days, weekday = scaled_days(history), weekdays(history.days)
        grid = _of_period(self.grid, history)
        columns = [as_column(getattr(member, name) for member in grid) for name in PARAMETERS]
        alpha, beta, phi, gamma = columns  # [P, 1] each
        states = self._start(days, len(grid))  # [9, P, S]
        level, trend, season = states[0], states[1], states[2:]
        total = np.zeros_like(level)
        for day in range(history.n_days):
            effect = season[weekday[day]]
            trend *= phi
            level += trend
            error = (days.value[day] - level - effect) * days.known[day]
            level += alpha * error
            trend += beta * error
            effect += gamma * error
            total += days.scored[day] * error * error
        chosen = best_row(total, days.size)
        used = {name: pick(column, chosen) for name, column in zip(PARAMETERS, columns, strict=True)}
        final = {name: pick(state, chosen) for name, state in zip(STATES, states, strict=True)}
        level_ahead, season_ahead = _ahead(final, used["phi"], weekdays(history.ahead(horizon)))
        coefficients = {name: days.where_fittable(values) for name, values in used.items()}
        coefficients.update({name: days.to_units(values) for name, values in final.items()})

        def explain() -> Parts:
            level = coefficients["level"][:, np.newaxis]
            trend = days.to_units(level_ahead) - level
            return Parts({LEVEL: level, TREND: trend, WEEKDAY: days.to_units(season_ahead)})

        return Fit(days.to_units(level_ahead + season_ahead), coefficients, explain=explain)

    def _start(self, days: ScaledDays, n_members: int) -> FloatArray:
        """[9, P, S], the states in the order of `STATES`."""
        states = np.zeros((len(STATES), n_members, len(days.start)))
        if self.start is None:
            states[0] = days.start
        else:
            given = (self.start.level, self.start.trend, *self.start.season)
            states += np.stack([days.from_units(value) for value in given])[:, np.newaxis]
        return states


def _of_period(grid: tuple[Smoothing, ...], history: History) -> tuple[Smoothing, ...]:
    """The grid for a history's period: unchanged for days, without weekday effects for weeks."""
    if history.season_length > 1:
        return grid
    period = history.period
    weekly = (
        Smoothing(of_period(member.alpha, period), of_period(member.beta, period), member.phi**period)
        for member in grid
    )
    return tuple(dict.fromkeys(weekly))


def _ahead(final: dict[str, FloatArray], phi: FloatArray, weekday: IntArray) -> tuple[FloatArray, FloatArray]:
    """[S, H] each, level with damped trend, and weekday effect, on the days ahead; weekday: [H]."""
    level, trend = final["level"], final["trend"]
    levels, season = np.empty((2, len(level), len(weekday)))
    for step, day in enumerate(weekday):
        trend = trend * phi
        level = level + trend
        levels[:, step] = level
        season[:, step] = final[WEEKDAY_NAMES[day]]
    return levels, season
