"""A model pooled over many series: plain arrays, trained once, that forecast any batch without training."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.batch import Fit, FloatArray, History
from lepton_spark.models.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.shrunk_weekday import PoolProfile
from lepton_spark.models.trees import Trees

LARGEST_LOG_RATIO = 5.0
"""A mean forecast is at most e^5 times the level, whatever the trees say of a series unlike any trained on."""


@dataclass(frozen=True)
class PooledModel:
    """What training hands to the batches of a run.

    mean: trees for the log of mean over level, averaged; quantiles: trees for each level's quantile over level.
    levels: [Q], rising; pool: what the pool shares at the forecasts' cutoff, C = 1.
    total_ratio: what the sum of the pool's means is multiplied by to agree with its total.
    """

    mean: tuple[Trees, ...]
    quantiles: tuple[Trees, ...]
    levels: FloatArray
    pool: PoolProfile
    total_ratio: float

    def forecast(self, history: History, horizon: int) -> Fit:
        """The mean: boosted trees and shrunk weekdays in equal parts; NaN rows where no day is known."""
        features = self._features(history, horizon)
        forecast = blended_mean(self.mean, features) * self.total_ratio
        forecast[history.n_known == 0] = np.nan
        return Fit(forecast, {"level": features.level[:, 0], "total_ratio": np.full(history.n_series, self.total_ratio)})

    def quantile_forecast(self, history: History, horizon: int) -> FloatArray:
        """[S, H, Q], units, never negative, rising with the level; whole where all known sales are whole."""
        features = self._features(history, horizon)
        level = features.level[:, 0, np.newaxis]
        arrays = features.series[:, 0], features.days[:, 0], features.calendar[0]
        raw = np.stack([trees.predict(*arrays) * level for trees in self.quantiles], axis=2)
        raised = np.maximum(np.sort(raw, axis=2), 0.0)
        whole = sells_whole_units(history)
        raised[whole] = np.round(raised[whole])
        raised[history.n_known == 0] = np.nan
        return raised

    def _features(self, history: History, horizon: int) -> PooledFeatures:
        return pooled_features(history, np.array([history.n_days - 1]), horizon, self.pool)


def blended_mean(trees: tuple[Trees, ...], features: PooledFeatures) -> FloatArray:
    """[S, H], units, at the first cutoff: the trees' mean and the shrunk weekday forecast, half each."""
    arrays = features.series[:, 0], features.days[:, 0], features.calendar[0]
    log_ratios = [np.minimum(member.predict(*arrays), LARGEST_LOG_RATIO) for member in trees]
    boosted = np.mean(np.exp(log_ratios), axis=0) * features.level[:, 0, np.newaxis]
    blended: FloatArray = (boosted + features.shrunk[:, 0]) / 2.0
    return blended


def sells_whole_units(history: History) -> np.ndarray:
    """[S], whether every known quantity is a whole number."""
    whole: np.ndarray = (history.filled == np.round(history.filled)).all(axis=1)
    return whole
