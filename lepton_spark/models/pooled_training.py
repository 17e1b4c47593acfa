"""Trains the pooled model: targets of many past cutoffs of a bounded sample of series."""

from dataclasses import dataclass, field, replace

import numpy as np

from lepton_spark.models.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.batch import History
from lepton_spark.models.boosting import BoostingSettings, grow, sample_rows
from lepton_spark.models.pooled import PooledModel
from lepton_spark.models.pooled_features import LEAST_LEVEL, PooledFeatures, pooled_features
from lepton_spark.models.shrunk_weekday import pool_profile, profiles
from lepton_spark.models.trees import Trees

QUANTILE_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)

LARGEST_WEIGHT = 0.999
"""Weights above this quantile of them count as it, so that no single product is all that is learnt."""


@dataclass(frozen=True)
class PooledSettings:
    """What is trained on what.

    n_cutoffs: weekly, the latest a week before the history's end; the targets of the last few are cut there.
    recent_days: a series without a sale for so long before a cutoff, or younger, is left out there.
    n_rows: rows of each sum of trees, drawn from all.
    """

    n_cutoffs: int = 16
    stride: int = 7
    recent_days: int = 56
    n_rows: int = 80_000
    mean: BoostingSettings = field(default_factory=lambda: BoostingSettings(120, 8, 400, 0.05))
    quantile: BoostingSettings = field(default_factory=lambda: BoostingSettings(100, 15, 100, 0.08))
    levels: tuple[float, ...] = QUANTILE_LEVELS


@dataclass(frozen=True)
class TrainingRows:
    """Features of all cutoffs and what came after them.

    target: [S, C, H], units; NaN = unknown, after the history's end, or a series not trained on there.
    weight: [S, C], of a squared error over level.
    """

    features: PooledFeatures
    target: FloatArray
    weight: FloatArray

    def pick(self, rows: IntArray) -> "PickedRows":
        """The rows at flat places of [S, C, H]."""
        series, cutoff, step = np.unravel_index(rows, self.target.shape)
        features = self.features
        columns = [
            features.series[series, cutoff],
            features.days[series, cutoff, step],
            features.calendar[cutoff, step],
        ]
        return PickedRows(
            np.hstack(columns),
            self.target[series, cutoff, step],
            features.level[series, cutoff],
            np.maximum(features.shrunk[series, cutoff, step], LEAST_LEVEL),
            self.weight[series, cutoff],
        )


@dataclass(frozen=True)
class PickedRows:
    """Rows to train on: columns [N, K]; target, level, shrunk, all units, and weight [N]."""

    columns: FloatArray
    target: FloatArray
    level: FloatArray
    shrunk: FloatArray
    weight: FloatArray

    def mean_over(self, base: FloatArray, settings: BoostingSettings, seed: int) -> Trees:
        """Poisson trees for target over base [N], weighted as the error of base times the trees' mean."""
        return grow(self.columns, self.target / base, self.weight * base / self.level, settings, seed)

    def quantile(self, level: float, settings: BoostingSettings, seed: int) -> Trees:
        """Weighted by the root of units: between every unit alike and every product alike."""
        return grow(self.columns, self.target / self.shrunk, np.sqrt(self.shrunk), settings, seed, level)


def train(
    history: History, horizon: int, settings: PooledSettings | None = None, seed: int = 0
) -> PooledModel:
    """Train on a sample of a pool's series up to the history's end, which is the cutoff of the forecasts.

    The caller draws the series, by a hash of their key, leaves out what is quarantined, and sorts them.

    Raises: ValueError where no series has enough history; the caller falls back.
    """
    settings = settings or PooledSettings()
    rows = training_rows(history, horizon, settings)
    places = np.flatnonzero(~np.isnan(rows.target))
    if len(places) == 0:
        raise ValueError(
            f"pooled model: none of {history.n_series} series has a target after {settings.recent_days} days "
            "of history; give it longer histories or more of them, or leave it out of the candidates"
        )
    first, second, third = (rows.pick(sample_rows(places, settings.n_rows, seed + draw)) for draw in range(3))
    return PooledModel(
        first.mean_over(first.level, settings.mean, seed),
        second.mean_over(second.shrunk, settings.mean, seed + 1),
        tuple(third.quantile(level, settings.quantile, seed) for level in settings.levels),
        np.array(settings.levels),
        pool_profile(profiles(history, np.array([history.n_days - 1]))),
    )


def moved_to(model: PooledModel, history: History) -> PooledModel:
    """The same trees with what the pool shares at another history's end, never before that of training."""
    return replace(model, pool=pool_profile(profiles(history, np.array([history.n_days - 1]))))


def training_rows(history: History, horizon: int, settings: PooledSettings) -> TrainingRows:
    """Every cutoff's features and targets; nothing after the history's end is reached.

    A squared error over level weighs level^2 / variance times units: what a score weighted by units over a
    squared scale asks for.
    """
    last = history.n_days - 1
    cutoffs = last - settings.stride * np.arange(1, settings.n_cutoffs + 1)
    cutoffs = cutoffs[cutoffs >= settings.recent_days]
    features = pooled_features(history, cutoffs, horizon)
    target = np.full((history.n_series, len(cutoffs), horizon), np.nan)
    for place, cutoff in enumerate(cutoffs):
        ahead = history.quantity[:, cutoff + 1 : cutoff + 1 + horizon]
        target[:, place, : ahead.shape[1]] = ahead
    target[~_alive(features, settings)] = np.nan
    weight = features.level**2 / np.exp(profiles(history, cutoffs).log_dispersion)
    cap = np.quantile(weight, LARGEST_WEIGHT) if weight.size else 0.0
    return TrainingRows(features, target, np.minimum(weight, cap))


def _alive(features: PooledFeatures, settings: PooledSettings) -> BoolArray:
    """[S, C], old enough, and lately sold."""
    old = features.age >= settings.recent_days
    return old & (features.since_sale <= settings.recent_days)
