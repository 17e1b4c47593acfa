"""Last year's weeks times this year's level: for products with a strong season of their own."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import SEASON_LENGTH, History, weekdays
from lepton_spark.models.data.parts import LEVEL, SEASON, WEEKDAY, Parts
from lepton_spark.models.data.past_years import BASE_DAYS, MIN_KNOWN, N_YEARS, weeks_of_years

PRIOR_UNITS = 10.0
"""Units that the prior of an unchanged level is worth."""


class SeasonalLastYear:
    """The units of the same weeks in up to three past years, times the change of level since.

    The change of level is that of the 56 days up to the cutoff, shrunk to 1. Units of a week are spread over
    its days as the series' own weekdays, shrunk to equal days. NaN rows where no past year is known.
    Coefficient: `growth`, the change of level.
    """

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once."""
        past, base, days = _past_years(history, horizon)
        n_columns = BASE_DAYS // history.period
        recent = history.filled[:, -n_columns:].sum(axis=1)
        n_known = np.maximum(history.known[:, -n_columns:].sum(axis=1), 1)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            growth = (recent / n_known * n_columns + PRIOR_UNITS) / (base + PRIOR_UNITS)
            forecast = past * growth[:, np.newaxis]
        index = _weekday_index(history, horizon)
        forecast = forecast * index
        forecast[days == 0] = np.nan

        def explain() -> Parts:
            """The level of the last 56 days times the season, week over 56 days a year ago, and weekdays."""
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                level = (recent / n_known + PRIOR_UNITS / n_columns)[:, np.newaxis]
                parts = Parts({LEVEL: level}).times(WEEKDAY, index)
                return parts.times(SEASON, past * n_columns / (base + PRIOR_UNITS)[:, np.newaxis])

        return Fit(forecast, {"growth": np.where(days == 0, np.nan, growth)}, explain=explain)


def _past_years(history: History, horizon: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean of past years: [S, H] units per column of each week ahead, [S] units of the base days.

    Also [S], the number of years in which both are known.
    """
    week = SEASON_LENGTH // history.period
    n_base = BASE_DAYS // history.period
    n_weeks = -(-horizon // week)
    ahead, base = np.zeros((history.n_series, n_weeks)), np.zeros(history.n_series)
    n_years = np.zeros(history.n_series)
    for number in range(1, N_YEARS + 1):
        then = history.n_days - weeks_of_years(number) * week
        if then < n_base:
            break
        columns = slice(then, min(then + n_weeks * week, history.n_days))
        known, units = history.known_weight[:, columns], history.filled[:, columns]
        base_known = history.known_weight[:, then - n_base : then]
        usable = (known.mean(axis=1) >= MIN_KNOWN) & (base_known.mean(axis=1) >= MIN_KNOWN)
        missing = ((0, 0), (0, n_weeks * week - units.shape[1]))
        by_week = (history.n_series, n_weeks, week)
        sold = np.pad(units, missing).reshape(by_week).sum(axis=2)
        days = np.pad(known, missing).reshape(by_week).sum(axis=2)
        rate = np.divide(sold, days, out=np.zeros_like(sold), where=days > 0)
        base_units = history.filled[:, then - n_base : then].sum(axis=1)
        ahead += np.where(usable[:, np.newaxis], rate, 0.0)
        base += np.where(usable, base_units / np.maximum(base_known.mean(axis=1), MIN_KNOWN), 0.0)
        n_years += usable
    count = np.maximum(n_years, 1)
    return np.repeat(ahead / count[:, np.newaxis], week, axis=1)[:, :horizon], base / count, n_years


def _weekday_index(history: History, horizon: int) -> FloatArray:
    """[S, H], the series' sales of a weekday over those of an average day, shrunk to 1."""
    if history.period > 1:
        return np.ones((history.n_series, horizon))
    weekday = weekdays(history.days)
    total, n_days = history.filled.sum(axis=1), np.maximum(history.known.sum(axis=1), 1)
    index = np.ones((history.n_series, SEASON_LENGTH))
    for day in range(SEASON_LENGTH):
        on = weekday == day
        expected = total / n_days * history.known[:, on].sum(axis=1)
        index[:, day] = (history.filled[:, on].sum(axis=1) + PRIOR_UNITS) / (expected + PRIOR_UNITS)
    index /= index.mean(axis=1, keepdims=True)
    ahead = weekdays(history.days[-1] + 1 + np.arange(horizon))
    return index[:, ahead]
