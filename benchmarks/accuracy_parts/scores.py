"""The scores of a table's line, from sums by product and week, so that both can be drawn again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from accuracy_parts.protocol import Origin
from lepton_spark.evaluation.metrics import pinball_losses
from lepton_spark.models.data.arrays import FloatArray, IntArray

LEVELS = np.array([0.1, 0.5, 0.9])
SCORES = ("wrmsse", "bias", "wape_p50", "pinball")
N_DRAWS = 400
WEEK = 7


@dataclass(frozen=True)
class Output:
    """One model's forecasts at one origin.

    forecast: [S, H], units, the mean; quantiles: [S, H, 3] at `LEVELS`, or None.
    seven: [S, H, 7], the published quantiles, where they are to be believed; dispersion: [S], variance over
    mean of the negative binomial behind them, NaN where it is another. paths: [S, W, H], residual paths.
    """

    forecast: FloatArray
    quantiles: FloatArray | None
    seconds: float
    seven: FloatArray | None = None
    dispersion: FloatArray | None = None
    paths: FloatArray | None = None


@dataclass(frozen=True)
class Sums:
    """What scores are made of, by cell = (origin, product, calendar week), each [N].

    A score is a ratio of two sums over cells; bias one of each origin.
    """

    origin: IntArray
    product: IntArray
    week: IntArray
    squared: FloatArray
    squared_weight: FloatArray
    error: FloatArray
    units: FloatArray
    median_error: FloatArray
    pinball: FloatArray


class InvalidForecastError(ValueError):
    """A forecast on a scored day is missing, not finite or negative."""


def check(model: str, origin: Origin, output: Output) -> None:
    """Raise `InvalidForecastError` unless every scored day has a finite forecast that is not negative."""
    scored = ~np.isnan(origin.actual)
    arrays = (
        [output.forecast]
        if output.quantiles is None
        else [output.forecast, *np.moveaxis(output.quantiles, 2, 0)]
    )
    for values in arrays:
        if values.shape != scored.shape:
            raise InvalidForecastError(
                f"{model}: origin {origin.index}: shape {values.shape}, not {scored.shape}"
            )
        with np.errstate(invalid="ignore"):
            bad = scored & ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            raise InvalidForecastError(
                f"{model}: origin {origin.index}: found {np.count_nonzero(bad)} scored days without a "
                "forecast; allowed: finite and at least 0 on each"
            )


def cell_sums(origin: Origin, output: Output) -> Sums:
    """One origin's sums by product and calendar week."""
    scored = ~np.isnan(origin.actual)
    actual = np.where(scored, origin.actual, 0.0)
    error = np.where(scored, output.forecast, 0.0) - actual
    per_day = (origin.weight / origin.squared_scale / scored.sum(axis=1))[:, np.newaxis]
    weeks, place = np.unique(origin.days // WEEK, return_inverse=True)
    in_week = np.eye(len(weeks))[place]  # [H, W]
    share = (origin.weight / scored.sum(axis=1))[:, np.newaxis] * scored
    losses = np.full((3, *actual.shape), np.nan)
    if output.quantiles is not None:
        quantiles = np.where(scored[..., np.newaxis], output.quantiles, 0.0)
        losses = np.moveaxis(pinball_losses(actual, quantiles, LEVELS), 2, 0)
    n_series, n_weeks = len(actual), len(weeks)
    values = [per_day * error**2, share, error, actual, 2.0 * losses[1], 2.0 * losses.mean(axis=0)]
    squared, weight, signed, units, median, pinball = [(value @ in_week).ravel() for value in values]
    return Sums(
        np.full(n_series * n_weeks, origin.index),
        np.repeat(origin.products, n_weeks),
        np.tile(weeks, n_series),
        squared, weight, signed, units, median, pinball,
    )  # fmt: skip


def pool(parts: Sequence[Sums]) -> Sums:
    """The sums of several origins side by side."""
    return Sums(
        *(np.concatenate(column) for column in zip(*(vars(part).values() for part in parts), strict=True))
    )


def scores(sums: Sums, count: FloatArray | None = None) -> dict[str, float]:
    """`SCORES` of cells that count `count` [N] times, once by default."""
    times = np.ones(len(sums.units)) if count is None else count
    units = times @ sums.units
    by_origin = np.bincount(sums.origin, times * sums.error) / np.maximum(
        np.bincount(sums.origin, times * sums.units), 1e-9
    )
    return {
        "wrmsse": float(np.sqrt(times @ sums.squared / (times @ sums.squared_weight))),
        "bias": float(np.abs(by_origin[np.unique(sums.origin)]).mean()),
        "wape_p50": float(times @ sums.median_error / units),
        "pinball": float(times @ sums.pinball / units),
    }


def counts(sums: Sums, seed: int) -> FloatArray:
    """[N], how often each cell counts when products and weeks are drawn with replacement."""
    rng = np.random.default_rng(seed)
    products, product = np.unique(sums.product, return_inverse=True)
    weeks, week = np.unique(sums.week, return_inverse=True)
    drawn_products = rng.multinomial(len(products), np.full(len(products), 1 / len(products)))
    drawn_weeks = rng.multinomial(len(weeks), np.full(len(weeks), 1 / len(weeks)))
    return (drawn_products[product] * drawn_weeks[week]).astype(np.float64)


def intervals(sums: Mapping[str, Sums], reference: str) -> dict[str, dict[str, tuple[float, float]]]:
    """90 % bootstrap interval of each model's score less the reference's, model -> score -> (low, high)."""
    draws: dict[str, list[dict[str, float]]] = {name: [] for name in sums}
    for seed in range(N_DRAWS):
        count = counts(sums[reference], seed)
        for name, cells in sums.items():
            draws[name].append(scores(cells, count))
    result: dict[str, dict[str, tuple[float, float]]] = {}
    for name, rows in draws.items():
        result[name] = {}
        for score in SCORES:
            gaps = [row[score] - base[score] for row, base in zip(rows, draws[reference], strict=True)]
            low, high = np.percentile(gaps, [5.0, 95.0])
            result[name][score] = (float(low), float(high))
    return result
