"""A model pooled over many series: plain arrays, trained once, that forecast any batch without training."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.arrays import FloatArray
from lepton_spark.models.batch import Fit, History, PoolProfile, sells_whole_units
from lepton_spark.models.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.trees import Trees

LARGEST_LOG_RATIO = 5.0
"""A mean forecast is at most e^5 times its base, whatever the trees say of a series unlike any trained on."""

SHRUNK_SHARE = 0.5
"""The shrunk weekday forecast's part of the mean; the trees share the rest."""


@dataclass(frozen=True)
class PooledModel:
    """What training hands to the batches of a run.

    over_level, over_shrunk: trees for the log of the mean over the level and over the weekday forecast.
    quantiles: trees for each level's quantile over the shrunk weekday forecast; levels: [Q], rising.
    pool: what the pool shares at the forecasts' cutoff, C = 1.
    """

    over_level: Trees
    over_shrunk: Trees
    quantiles: tuple[Trees, ...]
    levels: FloatArray
    pool: PoolProfile

    def forecast(self, history: History, horizon: int) -> Fit:
        """The mean: shrunk weekdays, and two sums of trees; NaN rows where no day is known."""
        features = self._features(history, horizon)
        level, shrunk = features.level[:, :1], features.shrunk[:, 0]
        boosted = (
            self._ratio(self.over_level, features) * level + self._ratio(self.over_shrunk, features) * shrunk
        ) / 2
        forecast = SHRUNK_SHARE * shrunk + (1.0 - SHRUNK_SHARE) * boosted
        forecast[history.n_known == 0] = np.nan
        return Fit(forecast, {"level": features.level[:, 0]})

    def quantile_forecast(self, history: History, horizon: int) -> FloatArray:
        """[S, H, Q], units, never negative, rising with the level; whole where all known sales are whole."""
        features = self._features(history, horizon)
        shrunk, arrays = features.shrunk[:, 0], at_one_cutoff(features)
        raw = np.stack([trees.predict(*arrays) * shrunk for trees in self.quantiles], axis=2)
        raised = np.maximum(np.sort(raw, axis=2), 0.0)
        whole = sells_whole_units(history)
        raised[whole] = np.round(raised[whole])
        raised[history.n_known == 0] = np.nan
        return raised

    def _features(self, history: History, horizon: int) -> PooledFeatures:
        return pooled_features(history, np.array([history.n_days - 1]), horizon, self.pool)

    @staticmethod
    def _ratio(trees: Trees, features: PooledFeatures) -> FloatArray:
        ratio: FloatArray = np.exp(np.minimum(trees.predict(*at_one_cutoff(features)), LARGEST_LOG_RATIO))
        return ratio


def at_one_cutoff(features: PooledFeatures) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Features of series, days and calendar at the only cutoff, as trees take them."""
    return features.series[:, 0], features.days[:, 0], features.calendar[0]
