"""Trains the pooled trees: what followed many past cutoffs of a bounded sample of series."""

from dataclasses import dataclass, field

import numpy as np

from lepton_spark.models.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.batch import History
from lepton_spark.models.boosting import BoostingSettings, grow, sample_rows
from lepton_spark.models.pooled import MEDIAN_FROM, block_sums, week_blocks
from lepton_spark.models.pooled_features import LEAST_LEVEL, PooledFeatures, pooled_features
from lepton_spark.models.trees import PooledTrees, Trees
from lepton_spark.models.year_weeks import BEFORE_DAYS, YEAR_DAYS

MEDIAN = 0.5

LARGEST_WEIGHT = 0.999
"""Weights above this quantile of them count as it, so that no single product is all that is learnt."""

LARGEST_RATIO = 10.0
"""A target so many times its base counts as this: one absurd day must not bend the trees."""

TIES_APART = 0.01
"""How far below their ratio days lie at most when a median is learnt, each at a place of its own.

Days without a sale are all alike. Where they are most, the first guess is their ratio, no day lies below it,
and the slope of the absolute error is the same on every day: no split tells anything, and the median would
stay 0 for every product.
"""

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
    n_rows: int = 60_000
    n_days: int = 100_000
    least_rows: int = 2_000
    mean: BoostingSettings = field(default_factory=lambda: BoostingSettings(200, 8, 50, 0.05))
    median: BoostingSettings = field(default_factory=lambda: BoostingSettings(60, 4, 200, 0.08))


@dataclass(frozen=True)
class TrainingRows:
    """Features of all cutoffs and what came after them.

    target: [S, C, H], units; NaN = unknown, after the history's end, or a series not trained on there.
    """

    features: PooledFeatures
    target: FloatArray

    def weeks(self, places: IntArray | None = None) -> "PickedRows":
        """Weeks ahead with a known day, of some series [N], all by default."""
        features = self.features
        known = ~np.isnan(self.target)
        units = block_sums(np.where(known, self.target, 0.0), features.period)  # [S, C, B]
        base = block_sums(np.where(known, features.shrunk, 0.0), features.period)
        told = known_blocks(known, features.period)
        if places is not None:
            told[np.setdiff1d(np.arange(len(told)), places)] = False
        series, cutoff, week = np.nonzero(told)
        days = week_blocks(features)[1]
        over = np.maximum(base, LEAST_LEVEL)
        weight = over * (features.level**LEVEL_POWER / np.exp(features.log_dispersion))[..., np.newaxis]
        plans = _week_means(features.plans, features.period)
        columns = np.hstack(
            [
                features.series[series, cutoff],
                days[series, cutoff, week],
                plans[series, cutoff, week],
                week[:, np.newaxis],
            ]
        )
        return PickedRows(columns, (units / over)[told], weight[told])

    def days(self, n_rows: int, seed: int) -> "PickedRows":
        """Days ahead on which a median above 0 is possible, at most `n_rows` drawn from all.

        Target, ties apart, and weight are over the weekday forecast.
        """
        features = self.features
        told = ~np.isnan(self.target) & (features.shrunk >= MEDIAN_FROM)
        rows = sample_rows(np.flatnonzero(told), n_rows, seed)
        series, cutoff, step = np.unravel_index(rows, self.target.shape)
        base = np.maximum(features.shrunk[series, cutoff, step], LEAST_LEVEL)
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

    def grown(self, settings: BoostingSettings, seed: int, level: float | None = None) -> Trees:
        """Trees for the log of the mean (Poisson), or for a quantile."""
        weight = np.minimum(self.weight, np.quantile(self.weight, LARGEST_WEIGHT))
        return grow(self.columns, np.minimum(self.target, LARGEST_RATIO), weight, settings, seed, level)


def train(
    history: History, horizon: int, settings: PooledSettings | None = None, seed: int = 0
) -> PooledTrees | None:
    """Train on a sample of a pool's series up to the history's end; None where it teaches too little.

    The caller draws the series, by a hash of their key, and sorts them. Those without finite sums are left
    out.
    """
    settings = settings or PooledSettings()
    rows = training_rows(finite(history), horizon, settings)
    if (
        rows is None
        or np.count_nonzero(known_blocks(~np.isnan(rows.target), history.period)) < settings.least_rows
    ):
        return None
    bags = []
    for bag in range(settings.n_bags):
        drawn = np.random.default_rng([seed, bag]).random(len(rows.target)) < settings.bag_share
        picked = rows.weeks(np.flatnonzero(drawn)).drawn(settings.n_rows, seed)
        bags.append(picked.grown(settings.mean, seed + bag))
    days = rows.days(settings.n_days, seed)
    enough = len(days.target) >= settings.least_rows
    return PooledTrees(tuple(bags), days.grown(settings.median, seed, MEDIAN) if enough else None)


def finite(history: History) -> History:
    """The series whose sums of squares are finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        sound: BoolArray = np.isfinite(np.sum(history.filled**2, axis=1))
    return history if sound.all() else history.select(sound)


def _week_means(plans: FloatArray, period: int) -> FloatArray:
    """[S, C, B, P], means over the days of each week of plan features [S, C, H, P]."""
    by_feature = np.moveaxis(plans, 3, 2)
    means = block_sums(by_feature, period) / block_sums(np.ones(plans.shape[2]), period)
    return np.moveaxis(means, 2, 3)


def known_blocks(known: BoolArray, period: int) -> BoolArray:
    """[S, C, B], whether a week has a known day."""
    return block_sums(known.astype(np.float64), period) > 0


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
    return TrainingRows(features, target)


def _alive(features: PooledFeatures, settings: PooledSettings) -> BoolArray:
    """[S, C], old enough, and lately sold."""
    old = features.age >= settings.least_age
    return old & (features.since_sale <= settings.recent_days)
