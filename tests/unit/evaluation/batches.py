"""A small batch of series, and forecasts of it with given choices."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.models.data.arrays import BoolArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.registry import Candidate

HORIZON = 7
N_DAYS = 63
LEVELS = (0.1, 0.5, 0.9)
MEAN, NAIVE, LINE = Candidate("mean"), Candidate("seasonal_naive"), Candidate("linear_regression")
SETTINGS = EvaluationSettings(
    candidates=(MEAN,),
    windows=plan_windows(HORIZON, 3, HORIZON),
    horizon=HORIZON,
    levels=LEVELS,
    min_train=14,
    new=14,
    obsolete=60,
    min_choice=28,
)


def poisson_history(n_series: int = 3, n_days: int = N_DAYS) -> History:
    quantity = np.random.default_rng(5).poisson(6.0, (n_series, n_days)).astype(float)
    return history_of(quantity)


def history_of(quantity: np.ndarray) -> History:
    return History(quantity, np.arange(quantity.shape[1]))


def errors_of_classes(classes: tuple[str, ...], scaled_mse: np.ndarray) -> ClassErrors:
    """Mean errors [G, C] of 99 series each."""
    return ClassErrors(classes, scaled_mse, np.full(scaled_mse.shape, 99.0))


def choices(chosen: Sequence[int], runner_up: Sequence[int], n_candidates: int) -> ValidationErrors:
    """Errors by which each series chooses as given; candidates other than these two were not scored."""
    n_obs, sse = (np.zeros((n_candidates, 1, len(chosen))) for _ in range(2))
    for series, (first, second) in enumerate(zip(chosen, runner_up, strict=True)):
        n_obs[first, 0, series], sse[first, 0, series] = 100.0, 1.0
        if second >= 0:
            n_obs[second, 0, series], sse[second, 0, series] = 100.0, 100.0
    return ValidationErrors(n_obs, sse)


def forecast_choices(
    history: History,
    candidates: Sequence[Candidate],
    chosen: Sequence[int],
    runner_up: Sequence[int] | None = None,
    *,
    pools: Pools | None = None,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
    **changes: Any,
) -> BatchForecast:
    """The forecast of a batch in which each series chooses as given; `changes` are of the settings."""
    settings = replace(SETTINGS, candidates=tuple(candidates), **changes)
    validation = choices(chosen, runner_up or [-1] * len(chosen), len(candidates))
    none = ClassErrors.none(len(candidates))
    return forecast_batch(history, pools or {}, settings, validation, none, closed=closed, prior=prior)


class HalfMedian:
    """Forecasts the mean of each series, with half of it as its median."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        mean = np.repeat(np.nanmean(history.quantity, axis=1)[:, np.newaxis], horizon, axis=1)
        return Fit(mean, median=mean / 2.0)
