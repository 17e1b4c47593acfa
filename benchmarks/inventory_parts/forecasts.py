"""Forecasts made once a week as of their day, kept in a cache, with what orders need."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from accuracy_parts.datasets import Panel
from accuracy_parts.lepton_models import forecast_run
from accuracy_parts.protocol import HORIZON, choose_products

from lepton_spark.evaluation.batch_forecast import BatchForecast
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray
from lepton_spark.models.data.history import History

N_WEEKS = 22
"""Forecasts of each set: 154 days, of which the first 28 warm the stock up."""

WEEK = 7
SEED = 42


@dataclass(frozen=True)
class Forecasts:
    """C weekly forecasts of S products, and the units sold on the days from the first one on.

    cutoffs: [C], columns of the panel. mean: [C, S, H], units, 0 on days on which the shop was closed, as if
    announced. dispersion: [C, S, N], of sums (`demand_sums`). daily_error: [C, S], root mean squared error
    of the days of the backtest, NaN where there was none. whole: [C, S]. demand_class: [S], at the first
    cutoff. sold: [S, T], units of the days after the first cutoff.
    """

    cutoffs: IntArray
    mean: FloatArray
    dispersion: FloatArray
    daily_error: FloatArray
    whole: BoolArray
    demand_class: StringArray
    sold: FloatArray


def weekly_forecasts(panel: Panel, cache: Path) -> Forecasts:
    """The forecasts of the last weeks of a set, from the cache if possible."""
    stored = cache / f"{panel.name}_weeks.npz"
    if not stored.exists():
        made = _made(panel)
        np.savez(stored, **{field.name: getattr(made, field.name) for field in fields(Forecasts)})
    with np.load(stored) as arrays:
        return Forecasts(**{field.name: arrays[field.name] for field in fields(Forecasts)})


def _made(panel: Panel) -> Forecasts:
    first = len(panel.days) - 1 - WEEK * N_WEEKS
    products = choose_products(panel.quantity[:, : first + 1], np.random.default_rng(SEED))
    cutoffs = first + WEEK * np.arange(N_WEEKS)
    is_closed = np.isnan(panel.quantity).all(axis=0)
    made = list(_batches(panel, products, cutoffs))
    mean = np.stack([batch.forecast for batch in made])
    for forecast, cutoff in zip(mean, cutoffs.tolist(), strict=True):
        ahead = is_closed[cutoff + 1 : cutoff + 1 + HORIZON]
        forecast[:, : len(ahead)][:, ahead] = 0.0
    return Forecasts(
        cutoffs,
        mean,
        np.stack([batch.sum_dispersion for batch in made]),
        np.stack([_daily_error(batch) for batch in made]),
        np.stack([batch.spread.whole_units for batch in made]),
        made[0].demand_class,
        np.nan_to_num(panel.quantity[products, first + 1 :]),
    )


def _batches(panel: Panel, products: IntArray, cutoffs: IntArray) -> Iterator[BatchForecast]:
    for cutoff in cutoffs.tolist():
        yield forecast_run(History(panel.quantity[products, : cutoff + 1].copy(), panel.days[: cutoff + 1]))


def _daily_error(batch: BatchForecast) -> FloatArray:
    """[S], from all windows of the chosen models."""
    n_days = batch.chosen.sums.n_obs.sum(axis=0).astype(np.float64)
    squared = batch.chosen.sums.sse.sum(axis=0)
    return np.sqrt(np.divide(squared, n_days, out=np.full(len(n_days), np.nan), where=n_days > 0))
