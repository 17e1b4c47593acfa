"""The pooled model corrects the weekday forecast (`shrunk_weekday`) by a regression and by trees."""

from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import Parts
from lepton_spark.models.pooled.correction_parts import correction_logs
from lepton_spark.models.pooled.features.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.pooled.features.weeks import regression_ratio, tree_inputs, week_of_column
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.pooled.settings import PooledSettings
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.weekday_parts import weekday_parts

LARGEST_LOG_RATIO = 3.0
"""Upper bound of the log ratio that trees predict: 20 times the weekday forecast."""

MIN_MEAN_FOR_MEDIAN = 0.5
"""Mean in units below which the median is 0: by Markov's inequality, P(at least 1 unit) <= mean < 0.5."""

TREES = "trees"
"""Name of a coefficient: the trees' share of the mean, 0 without trees."""


@dataclass(frozen=True)
class Pooled:
    """The weekday forecast times a correction ratio, the weighted mean of the regression's and the trees'.

    If the pool has no trees, the weekday forecast is unchanged. Separate trees predict the median. NaN rows
    where no day is known. Coefficients: `level`, units per column, and `trees`.
    """

    pool: Pool

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once."""
        trees = self.pool.trees
        if trees is None:
            weekday = ShrunkWeekday(self.pool).fit_forecast(history, horizon)
            return replace(weekday, coefficients={**weekday.coefficients, TREES: np.zeros(history.n_series)})
        features = pooled_features(history, np.array([history.n_days - 1]), horizon, self.pool)
        share = tree_share(features, self.pool.settings)
        ratio = correction_ratio(features, trees, share)
        forecast = features.weekday_forecast[:, 0] * ratio
        median = None if trees.median is None else median_forecast(features, trees.median, forecast)
        unknown = history.n_known == 0
        forecast[unknown] = np.nan
        level = np.where(unknown, np.nan, features.weekday_level[:, 0])

        def explain() -> Parts:
            parts = weekday_parts(history, horizon, self.pool)
            return parts.with_logs(correction_logs(features, trees, share, ratio, LARGEST_LOG_RATIO))

        return Fit(forecast, {"level": level, TREES: share}, median=median, explain=explain)


def correction_ratio(features: PooledFeatures, trees: PooledTrees, share: FloatArray) -> FloatArray:
    """[S, H], units over the weekday forecast. features: of one cutoff. share: [S], the trees' share."""
    logs = trees.log_ratios(features.series.values[:, 0], *tree_inputs(features))
    ratio = np.mean([np.exp(np.minimum(log, LARGEST_LOG_RATIO)) for log in logs], axis=0)
    by_trees = ratio if features.has_plans else ratio[:, week_of_column(features)]
    by_regression = regression_ratio(features, trees.regression)[:, 0]
    weight = share[:, np.newaxis]
    corrected: FloatArray = weight * by_trees + (1.0 - weight) * by_regression
    return corrected


def tree_share(features: PooledFeatures, settings: PooledSettings) -> FloatArray:
    """[S], the trees' share of the mean; the features have one cutoff.

    The share is about 1 for a series that begins at the cutoff and falls with its age. It has a minimum if
    plans are configured, and if the series' last year is known: promotions and seasons act nonlinearly.
    """
    if not settings.use_trees:
        return np.zeros(len(features.level))
    share: FloatArray = 1.0 - (1.0 - settings.tree_share) * own_history_weight(features, settings)[:, 0]
    has_last_year = (features.last_year[:, 0] != 0.0).any(axis=(1, 2))
    share = np.where(has_last_year, np.maximum(share, settings.tree_share_with_last_year), share)
    return np.maximum(share, settings.tree_share_with_plans) if features.has_plans else share


def own_history_weight(features: PooledFeatures, settings: PooledSettings) -> FloatArray:
    """[S, C], weight on the series' own history by its age, 0 to 1.

    A history begins with a sale, so its first days overstate the rate.
    """
    days = np.clip(features.series["age"], 0, settings.full_history_days)
    weight: FloatArray = days / settings.full_history_days
    return weight


def median_forecast(features: PooledFeatures, trees: Trees, forecast: FloatArray) -> FloatArray:
    """[S, H], median in whole units, for the mean forecast [S, H]; the features have one cutoff."""
    median = np.zeros(forecast.shape)
    rows = np.flatnonzero(forecast.max(axis=1, initial=0.0) >= MIN_MEAN_FOR_MEDIAN)
    if rows.size:
        mean = forecast[rows]
        series, step = np.repeat(rows, mean.shape[1]), np.tile(np.arange(mean.shape[1]), len(rows))
        days = features.days(series, np.zeros_like(series), step, mean.ravel()).reshape(*mean.shape, -1)
        ratio = trees.predict(features.series.values[rows, 0], days, features.calendar.values[0])
        median[rows] = np.where(mean >= MIN_MEAN_FOR_MEDIAN, np.round(np.maximum(ratio, 0.0) * mean), 0.0)
    return median
