"""The parts of the correction by which the pooled model multiplies the weekday forecast."""

from collections.abc import Mapping

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.parts import (
    LEVEL,
    OTHER,
    PROMOTION,
    REMAINDER,
    SEASON,
    SIMILAR_PRODUCTS,
    TREND,
    log_mean,
    log_parts,
)
from lepton_spark.models.pooled.features.pooled_features import AVERAGES, SERIES_FEATURES, PooledFeatures
from lepton_spark.models.pooled.features.weeks import forecast_over_level, tree_inputs, week_of_column
from lepton_spark.models.pooled.regressors.linear import LARGEST_RATIO, PooledRegression, over_forecast
from lepton_spark.models.pooled.regressors.path_contributions import path_contributions
from lepton_spark.models.pooled.regressors.trees import PooledTrees

RECENT = ("_3", "_7", "_14")
"""Ends of the names of averages over a few weeks: beside the level they show whether sales rise or fall."""

_OF_POOL = ("age", "log_dispersion", "log_level")
"""Features by which the trees take a series for one of the others of its age, steadiness and size."""

_SHORT = [place for place, name in enumerate(AVERAGES) if name.endswith(RECENT)]
_LONG = [AVERAGES.index(f"{AVERAGES[place].rpartition('_')[0]}_112") for place in _SHORT]
"""Positions of the averages over a few weeks, and of the same averages over 112 days."""

Deltas = Mapping[str, FloatArray]
"""Group -> what it adds to a ratio less 1, [S, H]."""


def correction_logs(
    features: PooledFeatures, trees: PooledTrees, share: FloatArray, ratio: FloatArray, largest_log: float
) -> Mapping[str, FloatArray]:
    """Group -> what it adds to the log of the correction ratio, [S, H].

    The ratio less 1 is the weighted mean, over the bags and the regression, of what each of their groups adds
    to its own ratio less 1; `log_parts` turns that into logs. Bounds of a ratio scale its parts alike.

    share: [S], the trees' share. ratio: [S, H], as `correction_ratio` computes it.
    """
    total: dict[str, FloatArray] = {}
    weight = share[:, np.newaxis]
    weighted = [(weight, _by_trees(features, trees, largest_log))]
    if trees.regression is not None:
        weighted.append((1.0 - weight, _by_regression(features, trees.regression)))
    for of_model, deltas in weighted:
        for group, delta in deltas.items():
            total[group] = total.get(group, 0.0) + of_model * delta
    return log_parts(total, ratio, REMAINDER)


def tree_groups(n_plan_features: int) -> tuple[str, ...]:
    """The group of each feature of the trees for the mean."""
    of_series = (_group_of(name) for name in SERIES_FEATURES)
    return (*of_series, LEVEL, SEASON, SEASON, *[PROMOTION] * n_plan_features, OTHER)


def _group_of(feature: str) -> str:
    if feature in _OF_POOL:
        return SIMILAR_PRODUCTS
    return TREND if feature.endswith(RECENT) or feature == "days_since_sale" else LEVEL


def _by_trees(features: PooledFeatures, trees: PooledTrees, largest_log: float) -> Deltas:
    """The mean over the bags."""
    groups = tree_groups(features.plans.shape[3])
    bags = trees.all_bags
    names = tuple(sorted({SIMILAR_PRODUCTS, *(groups[feature] for feature in bags.tables)}))
    number = np.array([names.index(group) if group in names else -1 for group in groups])
    tables = path_contributions(bags, number, len(names), of_mean=names.index(SIMILAR_PRODUCTS))
    sizes = [len(bag.value) for bag in trees.mean]
    logs = bags.sums_of(
        tables, features.series.values[:, 0], *tree_inputs(features), sizes
    )  # [G, bags, S, B]
    constant = np.array([bag.baseline for bag in trees.mean])
    logs[names.index(SIMILAR_PRODUCTS)] += constant[:, np.newaxis, np.newaxis]
    log = logs.sum(axis=0)
    bounded = np.minimum(log, largest_log)
    logs *= log_mean(bounded) * np.divide(bounded, log, out=np.ones_like(log), where=log > largest_log)
    deltas = logs.mean(axis=1)
    if not features.has_plans:
        deltas = deltas[:, :, week_of_column(features)]
    return dict(zip(names, deltas, strict=True))


def _by_regression(features: PooledFeatures, regression: PooledRegression) -> Deltas:
    """The terms of the regression; short averages make a trend as far as they differ from long ones."""
    averages = over_forecast(features.series.select(AVERAGES), forecast_over_level(features))[:, 0]
    change = averages[..., _SHORT] - averages[..., _LONG]
    trend = np.sum(change * regression.weights[_SHORT], axis=-1)  # [S, B]
    level = regression.contribution(averages, 0) - trend
    n_averages, n_yearly = averages.shape[2], features.last_year.shape[3]
    season = regression.contribution(features.last_year[:, 0], n_averages)
    plans = regression.contribution(features.plans[:, 0], n_averages + n_yearly)  # [S, H]
    of_column = week_of_column(features)
    deltas = {
        group: by_week[:, of_column] for group, by_week in ((LEVEL, level), (TREND, trend), (SEASON, season))
    }
    deltas[PROMOTION] = plans
    total = sum(deltas.values(), start=np.zeros(plans.shape))
    bounded = np.clip(total, -1.0, LARGEST_RATIO - 1.0)
    scale = np.divide(bounded, total, out=np.ones_like(total), where=total != bounded)
    return {group: delta * scale for group, delta in deltas.items()}
