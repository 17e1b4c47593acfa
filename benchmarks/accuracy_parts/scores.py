"""Scores of mean and quantile forecasts, from sums by product and week that a bootstrap can resample.

The ratios are the library's metrics. `wrmsse` is its rmsse with every series weighted by its recent units.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from accuracy_parts.protocol import Origin
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, error_sums
from lepton_spark.evaluation.accuracy.metrics import metric_values, pinball_losses
from lepton_spark.models.data.arrays import FloatArray, IntArray

SCORED_LEVELS = np.array([0.1, 0.5, 0.9])
SCORES = ("wrmsse", "bias", "wape_p50", "pinball")
N_DRAWS = 400
WEEK = 7


@dataclass(frozen=True)
class Distribution:
    """What a run publishes beside the mean.

    quantiles: [S, H, 7], units. dispersion: [S], variance over mean of the negative binomial, NaN where
    another method was used. sum_dispersion: [S, N], that of sums of several days.
    """

    quantiles: FloatArray
    dispersion: FloatArray
    sum_dispersion: FloatArray


@dataclass(frozen=True)
class Output:
    """Forecasts of a model at one origin.

    forecast: [S, H], units, the mean. quantiles: [S, H, 3] at `SCORED_LEVELS`; None where a model has none.
    """

    forecast: FloatArray
    quantiles: FloatArray | None
    seconds: float
    distribution: Distribution | None = None


Model = Callable[[Origin], Output]


def mean_only(forecast: Callable[[Origin], FloatArray]) -> Model:
    """A model without quantiles, from a function that returns the mean [S, H]."""

    def timed(origin: Origin) -> Output:
        start = time.perf_counter()
        return Output(forecast(origin), None, time.perf_counter() - start)

    return timed


@dataclass(frozen=True)
class Sums:
    """Sums of N cells, each one product in one calendar week after one origin.

    mean: of the mean forecast, its scaled fields weighted. median: of the median. pinball: [N], twice the
    mean loss over the levels. The last two are 0 or NaN where a model has no quantiles.
    """

    origin: IntArray
    product: IntArray
    week: IntArray
    mean: ErrorSums
    median: ErrorSums
    pinball: FloatArray


class InvalidForecastError(ValueError):
    """A forecast on a scored day is missing, infinite or negative."""


def check(model: str, origin: Origin, output: Output) -> None:
    """Raise `InvalidForecastError` unless every scored day has a finite forecast of at least 0."""
    is_scored = ~np.isnan(origin.actual)
    quantiles = [] if output.quantiles is None else np.moveaxis(output.quantiles, 2, 0)
    for values in (output.forecast, *quantiles):
        if values.shape != is_scored.shape:
            raise InvalidForecastError(
                f"{model}: origin {origin.index}: found shape {values.shape}; allowed: {is_scored.shape}"
            )
        with np.errstate(invalid="ignore"):
            is_invalid = is_scored & ~(np.isfinite(values) & (values >= 0))
        if is_invalid.any():
            raise InvalidForecastError(
                f"{model}: origin {origin.index}: found {np.count_nonzero(is_invalid)} scored days without "
                "a valid forecast; allowed: finite and at least 0 on each"
            )


def cell_sums(origin: Origin, output: Output) -> Sums:
    """The sums of one origin by product and calendar week."""
    weeks = np.unique(origin.days // WEEK)
    columns = [np.flatnonzero(origin.days // WEEK == week) for week in weeks]
    median = np.full(origin.actual.shape, np.nan)
    pinball = np.full(origin.actual.shape, np.nan)
    if output.quantiles is not None:
        median = output.quantiles[..., 1]
        losses = pinball_losses(origin.actual, output.quantiles, SCORED_LEVELS)
        pinball = np.where(np.isnan(origin.actual), 0.0, 2.0 * losses.mean(axis=2))
    n_series, n_weeks = len(origin.actual), len(weeks)
    return Sums(
        np.full(n_series * n_weeks, origin.index),
        np.repeat(origin.products, n_weeks),
        np.tile(weeks, n_series),
        _weighted(origin, _by_week(origin, output.forecast, columns)).map(np.ravel),
        _by_week(origin, median, columns).map(np.ravel),
        np.stack([pinball[:, week].sum(axis=1) for week in columns], axis=1).ravel(),
    )


def _by_week(origin: Origin, forecast: FloatArray, columns: Sequence[IntArray]) -> ErrorSums:
    """Error sums [S, W] of a forecast [S, H]."""
    return ErrorSums.stacked(
        [error_sums(origin.actual[:, week], forecast[:, week], origin.scales) for week in columns], axis=1
    )


def _weighted(origin: Origin, sums: ErrorSums) -> ErrorSums:
    """The sums with their scaled fields weighted so that a series counts by its units, not its days."""
    n_scored = np.maximum(np.count_nonzero(~np.isnan(origin.actual), axis=1), 1)
    weight = (origin.weight / n_scored)[:, np.newaxis]
    return replace(sums, scaled_sse=sums.scaled_sse * weight, n_scaled=sums.n_scaled * weight)


def pool(parts: Sequence[Sums]) -> Sums:
    """The cells of several origins together."""

    def joined(name: str) -> FloatArray:
        return np.concatenate([getattr(part, name) for part in parts])

    def joined_sums(name: str) -> ErrorSums:
        sums = [getattr(part, name) for part in parts]
        return ErrorSums(*(np.concatenate([getattr(s, field) for s in sums]) for field in ErrorSums.names()))

    return Sums(
        joined("origin"),
        joined("product"),
        joined("week"),
        joined_sums("mean"),
        joined_sums("median"),
        joined("pinball"),
    )


def scores(sums: Sums, count: FloatArray | None = None) -> dict[str, float]:
    """The values of `SCORES`; bias is the mean over origins of its absolute value.

    count: [N], how often each cell counts; once by default.
    """
    times = np.ones(len(sums.pinball)) if count is None else count
    by_origin = sums.mean.map(lambda values: np.bincount(sums.origin, times * values))
    total = by_origin.pool(axis=0)
    median = sums.median.map(lambda values: times @ values)
    return {
        "wrmsse": float(metric_values(total)["rmsse"]),
        "bias": float(np.nanmean(np.abs(metric_values(by_origin)["bias"]))),
        "wape_p50": float(metric_values(median)["wape"]),
        "pinball": float(times @ sums.pinball / total.sum_actual),
    }


def resampled_counts(sums: Sums, seed: int) -> FloatArray:
    """[N], how often each cell counts when products and weeks are drawn with replacement."""
    rng = np.random.default_rng(seed)
    products, product = np.unique(sums.product, return_inverse=True)
    weeks, week = np.unique(sums.week, return_inverse=True)
    drawn_products = rng.multinomial(len(products), np.full(len(products), 1 / len(products)))
    drawn_weeks = rng.multinomial(len(weeks), np.full(len(weeks), 1 / len(weeks)))
    return (drawn_products[product] * drawn_weeks[week]).astype(np.float64)


def intervals(sums: Mapping[str, Sums], reference: str) -> dict[str, dict[str, tuple[float, float]]]:
    """90 % bootstrap interval of each model's score minus the reference's, model -> score -> (low, high)."""
    draws: dict[str, list[dict[str, float]]] = {name: [] for name in sums}
    for seed in range(N_DRAWS):
        count = resampled_counts(sums[reference], seed)
        for name, cells in sums.items():
            draws[name].append(scores(cells, count))
    result: dict[str, dict[str, tuple[float, float]]] = {}
    for name, rows in draws.items():
        result[name] = {}
        for score in SCORES:
            differences = [row[score] - base[score] for row, base in zip(rows, draws[reference], strict=True)]
            low, high = np.percentile(differences, [5.0, 95.0])
            result[name][score] = (float(low), float(high))
    return result
