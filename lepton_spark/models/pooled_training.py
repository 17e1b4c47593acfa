"""Trains the pooled model: targets of many past cutoffs of a bounded sample of series."""

from dataclasses import dataclass, field

import numpy as np

from lepton_spark.models.batch import BoolArray, FloatArray, History, IntArray
from lepton_spark.models.boosting import BoostingSettings, grow, sample_rows
from lepton_spark.models.pooled import PooledModel, blended_mean
from lepton_spark.models.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.shrunk_weekday import PoolProfile, pool_profile, profiles
from lepton_spark.models.trees import Trees

QUANTILE_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@dataclass(frozen=True)
class PooledSettings:
    """What is trained on what.

    n_cutoffs: weekly, the latest a week before the history's end; the targets of the last few are cut there.
    recent_days: a series without a sale for so long before a cutoff, or younger, is left out there.
    n_rows: rows of each tree sum, drawn from all; total_share: how far the sum of means is drawn (in logs)
    to the recent total.
    """

    n_cutoffs: int = 16
    stride: int = 7
    recent_days: int = 56
    n_rows: int = 120_000
    n_members: int = 2
    total_share: float = 0.5
    mean: BoostingSettings = field(default_factory=lambda: BoostingSettings(150, 8, 500, 0.05))
    quantile: BoostingSettings = field(default_factory=lambda: BoostingSettings(120, 15, 100, 0.08))
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

    def pick(self, rows: IntArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Features [N, K], target over level [N], weight [N] and level [N] of flat places in [S, C, H]."""
        series, cutoff, step = np.unravel_index(rows, self.target.shape)
        of_series = self.features.series[series, cutoff]
        of_days = self.features.days[series, cutoff, step]
        columns = np.hstack([of_series, of_days, self.features.calendar[cutoff, step]])
        level = self.features.level[series, cutoff]
        return columns, self.target[series, cutoff, step] / level, self.weight[series, cutoff], level


def train(history: History, horizon: int, settings: PooledSettings | None = None, seed: int = 0) -> PooledModel:
    """Train on a sample of a pool's series up to the history's end, which is the cutoff of the forecasts.

    The caller draws the series, by a hash of their key, and leaves out what is quarantined. The order of
    series matters to the last bit: sort them.

    Raises: ValueError where no series has enough history; the caller falls back.
    """
    settings = settings or PooledSettings()
    rows = training_rows(history, horizon, settings)
    candidates = np.flatnonzero(~np.isnan(rows.target))
    if len(candidates) == 0:
        raise ValueError(
            f"pooled model: none of {history.n_series} series has a target after {settings.recent_days} days of "
            "history; give it longer histories or more of them, or leave it out of the candidates"
        )
    mean = tuple(_grow_mean(rows, candidates, settings, seed + member) for member in range(settings.n_members))
    quantiles = _grow_quantiles(rows, candidates, settings, seed)
    return pooled_at(history, horizon, mean, quantiles, settings)


def pooled_at(
    history: History,
    horizon: int,
    mean: tuple[Trees, ...],
    quantiles: tuple[Trees, ...],
    settings: PooledSettings,
) -> PooledModel:
    """Trees trained up to this history's end or earlier, with what the pool shares at its end."""
    cutoff = np.array([history.n_days - 1])
    pool = pool_profile(profiles(history, cutoff))
    features = pooled_features(history, cutoff, horizon, pool)
    ratio = _total_ratio(features, blended_mean(mean, features)) ** settings.total_share
    return PooledModel(mean, quantiles, np.array(settings.levels), pool, ratio)


def training_rows(history: History, horizon: int, settings: PooledSettings) -> TrainingRows:
    """Every cutoff's features and targets; nothing after the history's end is reached."""
    last = history.n_days - 1
    cutoffs = last - settings.stride * np.arange(1, settings.n_cutoffs + 1)
    cutoffs = cutoffs[cutoffs >= settings.recent_days]
    features = pooled_features(history, cutoffs, horizon)
    target = np.full((history.n_series, len(cutoffs), horizon), np.nan)
    for place, cutoff in enumerate(cutoffs):
        ahead = history.quantity[:, cutoff + 1 : cutoff + 1 + horizon]
        target[:, place, : ahead.shape[1]] = ahead
    target[~_alive(features, settings)] = np.nan
    own = profiles(history, cutoffs)
    weight = features.level**2 / np.exp(own.log_dispersion)
    return TrainingRows(features, target, np.minimum(weight, np.quantile(weight, 0.999) if weight.size else 0.0))


def _alive(features: PooledFeatures, settings: PooledSettings) -> BoolArray:
    """[S, C], old enough, and lately sold."""
    old = features.age >= settings.recent_days
    return old & (features.since_sale <= settings.recent_days)


def _grow_mean(rows: TrainingRows, candidates: IntArray, settings: PooledSettings, seed: int) -> Trees:
    """Weights are those of a squared error over its scale, times units: what a weighted score asks for."""
    columns, target, weight, _ = rows.pick(sample_rows(candidates, settings.n_rows, seed))
    return grow(columns, target, weight, settings.mean, seed)


def _grow_quantiles(
    rows: TrainingRows, candidates: IntArray, settings: PooledSettings, seed: int
) -> tuple[Trees, ...]:
    """Weighted by the root of the level: between every unit and every product alike."""
    columns, target, _, level = rows.pick(sample_rows(candidates, settings.n_rows, seed))
    weight = np.sqrt(level)
    return tuple(grow(columns, target, weight, settings.quantile, seed, q) for q in settings.levels)


def _total_ratio(features: PooledFeatures, forecast: FloatArray) -> float:
    """The pool's recent total over the sum of its forecasts, a day's mean of both."""
    return 1.0
