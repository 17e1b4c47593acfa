"""Training of the pooled model on the weeks and days after many past cutoffs of a sample of series."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features.pooled_features import MIN_LEVEL, PooledFeatures, pooled_features
from lepton_spark.models.pooled.features.weeks import (
    regression_columns,
    regression_ratio,
    week_features,
    week_plans,
    week_sums,
)
from lepton_spark.models.pooled.model import MIN_MEAN_FOR_MEDIAN, own_history_weight
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.boosting import grow_trees, sample_rows
from lepton_spark.models.pooled.regressors.linear import LARGEST_RATIO, PooledRegression, fit_regression
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.pooled.settings import (
    DEFAULT_SETTINGS,
    BoostingSettings,
    PooledSettings,
    TrainingSettings,
)
from lepton_spark.models.pooled.training_cutoffs import is_known, training_cutoffs

MEDIAN = 0.5

WEIGHT_CAP_LEVEL = 0.999
"""Weights are capped at their quantile of this level, so that no single product dominates."""

LARGEST_REGRESSION_RATIO, REGRESSION_WEIGHT_CAP_LEVEL = 5.0, 0.98
"""Stricter caps for the regression, whose errors are squared: a largest target, and a level for weights."""

TIE_BREAK = 0.01
"""Upper bound of a random number that is subtracted from each target when median trees are trained.

Days without a sale all have the target 0. If they are the majority, the initial prediction is 0 too, and the
gradient of the absolute error is the same on all days: no split would help, and all medians would be 0.
"""

LEVEL_POWER = 0.25
"""Power of the level in a week's weight: 0 weights by inverse variance, 1 nearly by squared units."""


@dataclass(frozen=True)
class TrainingSet:
    """Features at all cutoffs, and the sales after them.

    target: [S, C, H], units; NaN = unknown, after the history's end, or series left out at that cutoff.
    age: [C], days from each cutoff to the history's end.
    """

    features: PooledFeatures
    target: FloatArray
    age: IntArray
    settings: PooledSettings

    def has_outcome(self) -> BoolArray:
        """[S, C, B], whether a week ahead has a known day; B: weeks ahead."""
        return week_sums((~np.isnan(self.target)).astype(np.float64), self.features.period) > 0

    def weeks(self, series: IntArray | None = None) -> "Examples":
        """Examples for the mean trees: weeks with a known day, of the given series [N] or of all."""
        features, chosen = self.features, self.has_outcome()
        if series is not None:
            chosen[np.setdiff1d(np.arange(len(chosen)), series)] = False
        row, cutoff, week = np.nonzero(chosen)
        columns = [
            features.series.values[row, cutoff],
            week_features(features)[chosen],
            week_plans(features)[chosen],
            week[:, np.newaxis],
        ]
        return Examples(np.hstack(columns), *self._outcomes(chosen))

    def regression(self) -> PooledRegression:
        """The regression on all weeks with an outcome.

        A week's weight is multiplied by the square of `own_history_weight`: the trees forecast young series,
        so these must not determine the regression.
        """
        chosen = self.has_outcome()
        row, cutoff, _ = np.nonzero(chosen)
        ratio, weight = self._outcomes(chosen)
        weight *= own_history_weight(self.features, self.settings)[row, cutoff] ** 2
        columns = regression_columns(self.features)[chosen]
        usable = np.isfinite(columns).all(axis=1) & (ratio <= LARGEST_RATIO) & np.isfinite(weight)
        examples = Examples(columns[usable], ratio[usable], weight[usable])
        examples = examples.capped(LARGEST_REGRESSION_RATIO, REGRESSION_WEIGHT_CAP_LEVEL)
        return fit_regression(examples.columns, examples.target, examples.weight, self.age[cutoff][usable])

    def _outcomes(self, chosen: BoolArray) -> tuple[FloatArray, FloatArray]:
        """[N] each, for the chosen weeks: the ratio of units to the weekday forecast, and the weight."""
        features = self.features
        known = ~np.isnan(self.target)
        units = week_sums(np.where(known, self.target, 0.0), features.period)  # [S, C, B]
        forecast = week_sums(np.where(known, features.weekday_forecast, 0.0), features.period)
        base = np.maximum(forecast, MIN_LEVEL)
        precision = features.level**LEVEL_POWER / np.exp(features.series["log_dispersion"])
        weight = base * precision[..., np.newaxis]
        return (units / base)[chosen], weight[chosen]

    def days(self, mean: FloatArray, max_rows: int, seed: int) -> "Examples":
        """At most `max_rows` random days on which a median above 0 is possible.

        mean: [S, C, H], the forecast by which targets are divided; the median trees predict that ratio. Ties
        are broken at random.
        """
        features = self.features
        usable = ~np.isnan(self.target) & (mean >= MIN_MEAN_FOR_MEDIAN)
        rows = sample_rows(np.flatnonzero(usable), max_rows, seed)
        series, cutoff, step = np.unravel_index(rows, self.target.shape)
        base = np.maximum(mean[series, cutoff, step], MIN_LEVEL)
        columns = [
            features.series.values[series, cutoff],
            features.days(series, cutoff, step, base),
            features.calendar.values[cutoff, step],
        ]
        tie_break = TIE_BREAK * np.random.default_rng([seed, 1]).random(len(rows))
        target = self.target[series, cutoff, step] / base - tie_break
        return Examples(np.hstack(columns), target, np.sqrt(base))


@dataclass(frozen=True)
class Examples:
    """Training examples. columns: [N, K]. target: [N], a ratio to a forecast. weight: [N]."""

    columns: FloatArray
    target: FloatArray
    weight: FloatArray

    def sampled(self, max_rows: int, seed: int) -> "Examples":
        """About `max_rows` rows, drawn with probability p proportional to weight; new weight = weight / p."""
        if len(self.target) <= max_rows:
            return self
        share = np.minimum(max_rows * self.weight / self.weight.sum(), 1.0)
        rows = np.flatnonzero(np.random.default_rng(seed).random(len(share)) < share)
        return Examples(self.columns[rows], self.target[rows], self.weight[rows] / share[rows])

    def capped(self, target: float = LARGEST_RATIO, weight: float = WEIGHT_CAP_LEVEL) -> "Examples":
        """The examples with targets capped at `target`, and weights at their quantile of level `weight`."""
        largest = np.quantile(self.weight, weight)
        return Examples(self.columns, np.minimum(self.target, target), np.minimum(self.weight, largest))

    def trees(self, settings: BoostingSettings, seed: int, level: float | None = None) -> Trees:
        """Trees for the log of the mean (Poisson loss), or for the quantile at the quantile level `level`."""
        rows = self.capped()
        return grow_trees(rows.columns, rows.target, rows.weight, settings, seed, level)


def train(
    history: History, horizon: int, settings: PooledSettings = DEFAULT_SETTINGS, seed: int = 0
) -> PooledTrees | None:
    """Train on a sample of series up to the history's end; None if too few weeks have a known day.

    history: the sampled series, sorted by key. Series whose sums of squares overflow are left out.
    """
    training = settings.training
    examples = training_set(finite_series(history), horizon, settings)
    if examples is None or np.count_nonzero(examples.has_outcome()) < training.min_weeks:
        return None
    regression = examples.regression() if settings.use_regression else None
    bags = tuple(_bag(examples, training, seed, bag) for bag in range(training.n_bags))
    median = _median(examples, regression, training, seed) if settings.use_median else None
    return PooledTrees(bags, median, regression)


def _bag(examples: TrainingSet, training: TrainingSettings, seed: int, bag: int) -> Trees:
    """Trees for the mean, grown on a random share of the series."""
    drawn = np.random.default_rng([seed, bag]).random(len(examples.target)) < training.bag_share
    weeks = examples.weeks(np.flatnonzero(drawn)).sampled(training.max_weeks, seed)
    return weeks.trees(training.mean, seed + bag)


def _median(
    examples: TrainingSet, regression: PooledRegression | None, training: TrainingSettings, seed: int
) -> Trees | None:
    """Trees for the ratio of the median to the regression's forecast; None if too few days sell enough."""
    mean = examples.features.weekday_forecast * regression_ratio(examples.features, regression)
    days = examples.days(mean, training.max_days, seed)
    if len(days.target) < training.min_weeks:
        return None
    return days.trees(training.median, seed, MEDIAN)


def finite_series(history: History) -> History:
    """The series whose sums of squares are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        usable: BoolArray = np.isfinite(np.sum(history.filled**2, axis=1))
    return history if usable.all() else history.select(usable)


def training_set(history: History, horizon: int, settings: PooledSettings) -> TrainingSet | None:
    """Features and outcomes of every training cutoff; None if the history is too short for any."""
    training = settings.training
    cutoffs = training_cutoffs(history, training)
    if not len(cutoffs) or not history.n_series:
        return None
    pool = fit_pool(history, cutoffs, settings)
    history = history.without_events
    features = pooled_features(history, cutoffs, horizon, pool)
    target = np.full((history.n_series, len(cutoffs), horizon), np.nan)
    for position, cutoff in enumerate(cutoffs):
        ahead = history.quantity[:, cutoff + 1 : cutoff + 1 + horizon]
        target[:, position, : ahead.shape[1]] = ahead
    target[~(_is_active(features, training) & is_known(history, cutoffs))] = np.nan
    return TrainingSet(features, target, (history.n_days - 1 - cutoffs) * history.period, settings)


def _is_active(features: PooledFeatures, training: TrainingSettings) -> BoolArray:
    """[S, C], whether a series has at least `min_age` days and a sale in the last `recent_days`."""
    is_old = features.series["age"] >= training.min_age
    return is_old & (features.series["days_since_sale"] <= training.recent_days)
