"""Trains pooled trees and a regression: what followed many past cutoffs of a bounded sample of series."""

from dataclasses import dataclass, field

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.boosting import BoostingSettings, grow, sample_rows
from lepton_spark.models.pooled.factors.year_weeks import BEFORE_DAYS, YEAR_DAYS
from lepton_spark.models.pooled.features import LEAST_LEVEL, PooledFeatures, pooled_features
from lepton_spark.models.pooled.linear import LARGEST_RATIO, PooledLinear, learn
from lepton_spark.models.pooled.model import MEDIAN_FROM, told_of_itself
from lepton_spark.models.pooled.trees import PooledTrees, Trees
from lepton_spark.models.pooled.weeks import (
    linear_columns,
    linear_ratio,
    week_features,
    week_plans,
    week_sums,
)

MEDIAN = 0.5

LARGEST_WEIGHT = 0.999
"""Weights above this quantile of them count as it, so that no single product is all that is learnt."""

TIES_APART = 0.01
"""How far below their ratio days lie at most when a median is learnt, each at a place of its own.

Days without a sale are all alike. Where they are most, the first guess is their ratio, no day lies below it,
and the slope of the absolute error is the same on every day: no split tells anything, and the median would
stay 0 for every product.
"""

LARGEST_LINEAR_RATIO, LARGEST_LINEAR_WEIGHT = 5.0, 0.98
"""The same two for the regression, on whose squared errors a hundredth of absurd series would tell."""

LEVEL_POWER = 0.25
"""Between efficiency (0: weights by what a squared error varies) and a score weighted by units (1)."""


@dataclass(frozen=True)
class PooledSettings:
    """What is trained on what.

    n_cutoffs: weekly, the latest a week before the history's end; the targets of the last few are cut there.
    n_yearly: so many more before them in histories of weeks, where they have a last year to be told of: a
    season learnt from four months of weeks is mostly what befell those months.
    least_history: days before the first of them.
    least_age, recent_days: a series younger at a cutoff, or without a sale for so long, is left out there.
    n_bags: sums of trees for the mean, each on `bag_share` of the series, at most `n_rows` of their
    weeks; the median is learnt from at most `n_days` days.
    least_rows: fewer weeks to learn from than this teach nothing.
    """

    n_cutoffs: int = 16
    n_yearly: int = 16
    least_history: int = 56
    stride: int = 7
    least_age: int = 1
    recent_days: int = 180
    n_bags: int = 5
    bag_share: float = 0.6
    n_rows: int = 40_000
    n_days: int = 100_000
    least_rows: int = 2_000
    mean: BoostingSettings = field(default_factory=lambda: BoostingSettings(100, 8, 50, 0.1))
    median: BoostingSettings = field(default_factory=lambda: BoostingSettings(60, 4, 200, 0.08))


@dataclass(frozen=True)
class TrainingRows:
    """Features of all cutoffs and what came after them.

    target: [S, C, H], units; NaN = unknown, after the history's end, or a series not trained on there.
    age: [C], days from each cutoff to the history's end.
    """

    features: PooledFeatures
    target: FloatArray
    age: IntArray

    def told(self) -> BoolArray:
        """[S, C, B], which weeks ahead have a known day to learn from."""
        return week_sums((~np.isnan(self.target)).astype(np.float64), self.features.period) > 0

    def weeks(self, places: IntArray | None = None) -> "PickedRows":
        """Weeks ahead with a known day, as trees are told of them; of some series [N], all by default."""
        features, told = self.features, self.told()
        if places is not None:
            told[np.setdiff1d(np.arange(len(told)), places)] = False
        series, cutoff, week = np.nonzero(told)
        columns = [
            features.series[series, cutoff],
            week_features(features)[told],
            week_plans(features)[told],
            week[:, np.newaxis],
        ]
        return PickedRows(np.hstack(columns), *self._outcome(told))

    def linear(self) -> PooledLinear:
        """The regression over all weeks ahead with a known day.

        A week weighs by the square of the part that the regression has in such a product's forecast: a
        catalogue's many that hardly sell, whose forecasts are the trees', must not make its weights.
        """
        told = self.told()
        series, cutoff, _ = np.nonzero(told)
        ratio, weight = self._outcome(told)
        weight *= told_of_itself(self.features)[series, cutoff] ** 2
        columns = linear_columns(self.features)[told]
        sound = np.isfinite(columns).all(axis=1) & (ratio <= LARGEST_RATIO) & np.isfinite(weight)
        rows = PickedRows(columns[sound], ratio[sound], weight[sound])
        rows = rows.bounded(LARGEST_LINEAR_RATIO, LARGEST_LINEAR_WEIGHT)
        return learn(rows.columns, rows.target, rows.weight, self.age[cutoff][sound])

    def _outcome(self, told: BoolArray) -> tuple[FloatArray, FloatArray]:
        """[N] each: units over the weekday forecast of their days, and how much a week weighs."""
        features = self.features
        known = ~np.isnan(self.target)
        units = week_sums(np.where(known, self.target, 0.0), features.period)  # [S, C, B]
        base = week_sums(np.where(known, features.shrunk, 0.0), features.period)
        over = np.maximum(base, LEAST_LEVEL)
        weight = over * (features.level**LEVEL_POWER / np.exp(features.log_dispersion))[..., np.newaxis]
        return (units / over)[told], weight[told]

    def days(self, mean: FloatArray, n_rows: int, seed: int) -> "PickedRows":
        """Days ahead on which a median above 0 is possible, at most `n_rows` drawn from all.

        Target, ties apart, and weight are over the mean [S, C, H] that the median is asked over.
        """
        features = self.features
        told = ~np.isnan(self.target) & (mean >= MEDIAN_FROM)
        rows = sample_rows(np.flatnonzero(told), n_rows, seed)
        series, cutoff, step = np.unravel_index(rows, self.target.shape)
        base = np.maximum(mean[series, cutoff, step], LEAST_LEVEL)
        columns = [
            features.series[series, cutoff],
            features.of_days(series, cutoff, step, base),
            features.calendar[cutoff, step],
        ]
        apart = TIES_APART * np.random.default_rng([seed, 1]).random(len(rows))
        target = self.target[series, cutoff, step] / base - apart
        return PickedRows(np.hstack(columns), target, np.sqrt(base))


@dataclass(frozen=True)
class PickedRows:
    """Rows to train on: columns [N, K]; target over its base, and weight, [N]."""

    columns: FloatArray
    target: FloatArray
    weight: FloatArray

    def drawn(self, n_rows: int, seed: int) -> "PickedRows":
        """At most about so many of the rows: light ones are drawn more rarely and weigh as much more."""
        if len(self.target) <= n_rows:
            return self
        share = np.minimum(n_rows * self.weight / self.weight.sum(), 1.0)
        rows = np.flatnonzero(np.random.default_rng(seed).random(len(share)) < share)
        return PickedRows(self.columns[rows], self.target[rows], self.weight[rows] / share[rows])

    def bounded(self, ratio: float = LARGEST_RATIO, weight: float = LARGEST_WEIGHT) -> "PickedRows":
        """The rows with no target above this, and no weight above this quantile of them."""
        heaviest = np.quantile(self.weight, weight)
        return PickedRows(self.columns, np.minimum(self.target, ratio), np.minimum(self.weight, heaviest))

    def grown(self, settings: BoostingSettings, seed: int, level: float | None = None) -> Trees:
        """Trees for the log of the mean (Poisson), or for a quantile."""
        rows = self.bounded()
        return grow(rows.columns, rows.target, rows.weight, settings, seed, level)


def train(
    history: History, horizon: int, settings: PooledSettings | None = None, seed: int = 0
) -> PooledTrees | None:
    """Train on a sample of a pool's series up to the history's end; None where it teaches too little.

    The caller draws the series, by a hash of their key, and sorts them. Those without finite sums are left
    out.
    """
    settings = settings or PooledSettings()
    rows = training_rows(finite(history), horizon, settings)
    if rows is None or np.count_nonzero(rows.told()) < settings.least_rows:
        return None
    linear = rows.linear()
    bags = []
    for bag in range(settings.n_bags):
        drawn = np.random.default_rng([seed, bag]).random(len(rows.target)) < settings.bag_share
        picked = rows.weeks(np.flatnonzero(drawn)).drawn(settings.n_rows, seed)
        bags.append(picked.grown(settings.mean, seed + bag))
    mean = rows.features.shrunk * linear_ratio(rows.features, linear)
    days = rows.days(mean, settings.n_days, seed)
    enough = len(days.target) >= settings.least_rows
    median = days.grown(settings.median, seed, MEDIAN) if enough else None
    return PooledTrees(tuple(bags), median, linear)


def finite(history: History) -> History:
    """The series whose sums of squares are finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        sound: BoolArray = np.isfinite(np.sum(history.filled**2, axis=1))
    return history if sound.all() else history.select(sound)


def training_rows(history: History, horizon: int, settings: PooledSettings) -> TrainingRows | None:
    """Every cutoff's features and targets, none of them after the history's end; None without a cutoff."""
    last = history.n_days - 1
    n_yearly = settings.n_yearly if history.period > 1 else 0
    back = np.arange(1, settings.n_cutoffs + n_yearly + 1)
    cutoffs = last - settings.stride // history.period * back
    least = np.where(back > settings.n_cutoffs, YEAR_DAYS + BEFORE_DAYS, settings.least_history)
    cutoffs = cutoffs[cutoffs * history.period >= least]
    if not len(cutoffs) or not history.n_series:
        return None
    features = pooled_features(history, cutoffs, horizon)
    target = np.full((history.n_series, len(cutoffs), horizon), np.nan)
    for place, cutoff in enumerate(cutoffs):
        ahead = history.quantity[:, cutoff + 1 : cutoff + 1 + horizon]
        target[:, place, : ahead.shape[1]] = ahead
    target[~_alive(features, settings)] = np.nan
    return TrainingRows(features, target, (last - cutoffs) * history.period)


def _alive(features: PooledFeatures, settings: PooledSettings) -> BoolArray:
    """[S, C], old enough, and lately sold."""
    old = features.age >= settings.least_age
    return old & (features.since_sale <= settings.recent_days)
