"""The forecasters of this project, as the table runs them."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from unittest.mock import patch

import numpy as np

from accuracy_parts.belief import SEVEN
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import LEVELS, Output
from lepton_spark.config import BacktestSettings, ForecastSettings, PanelSettings
from lepton_spark.evaluation import batch_forecast, role_backtest, selection
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.evaluation.quantiles import calibration, dispersion
from lepton_spark.evaluation.quantiles.dispersion import LARGEST_DISPERSION
from lepton_spark.evaluation.selection import class_table, select
from lepton_spark.evaluation.windows import Role, Window, of_role, plan_windows
from lepton_spark.forecasting.settings import MIN_CHOICE_DAYS
from lepton_spark.models.data import outliers
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History, PoolProfile
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.pooled import features, model, shrunk_weekday
from lepton_spark.models.pooled.factors import excess, month_days
from lepton_spark.models.pooled.features import PooledFeatures
from lepton_spark.models.pooled.last_year import last_year
from lepton_spark.models.pooled.shrunk_weekday import pool_at
from lepton_spark.models.pooled.training import train
from lepton_spark.models.registry import POOLED, SHRUNK_WEEKDAY, Candidate, candidates_for, create


def with_pools(history: History, columns: IntArray, *, trees: bool, horizon: int = HORIZON) -> History:
    """The history with what its own series share at its end and at windows' cutoffs, as a run hands it out.

    columns: [W], windows' cutoffs; trees for them are trained up to the earliest.
    """
    history = replace(history, damped=damped(history.quantity, history.regressors))
    columns = np.append(np.sort(columns[columns >= 0]), history.n_days - 1)
    profile = pool_at(history, columns)
    earliest, latest = (None, None)
    if trees:
        latest = train(history, horizon)
        earliest = train(history.until(int(columns[0])), horizon) if len(columns) > 1 else None
    pools = {
        int(history.days[column]): replace(
            profile.at(place), trees=latest if column == history.n_days - 1 else earliest
        )
        for place, column in enumerate(columns)
    }
    return replace(history, pools=pools)


def _alone(model: str) -> Callable[[Origin], Output]:
    """One model by itself, its mean only."""

    def forecast(origin: Origin) -> Output:
        start = time.perf_counter()
        history = with_pools(origin.history, np.array([], dtype=np.int64), trees=model == POOLED)
        fit = create(Candidate(model)).fit_forecast(history, HORIZON)
        return Output(np.maximum(fit.forecast, 0.0), None, time.perf_counter() - start)

    return forecast


def _as_run(origin: Origin) -> Output:
    """What a run with the default configuration would publish: both passes, their choice, their quantiles."""
    start = time.perf_counter()
    backtest = BacktestSettings()
    windows = plan_windows(HORIZON, backtest.validation_windows, backtest.stride)
    made = run_default(origin.history, HORIZON, windows)
    scored_levels = np.isin(SEVEN, LEVELS)
    seconds = time.perf_counter() - start
    quantiles = made.quantiles[..., scored_levels]
    return Output(made.forecast, quantiles, seconds, made.quantiles, made.dispersion, made.paths)


def run_default(history: History, horizon: int, windows: Sequence[Window]) -> BatchForecast:
    """Both passes of the default configuration over days or weeks; horizon and windows in columns."""
    given, panel = ForecastSettings(), PanelSettings()
    columns = partial(_columns, history.period)
    least = columns(BacktestSettings().min_train_days)
    candidates = candidates_for(given.models, given.half_lives)
    history = with_pools(
        history, cutoff_columns(history, windows), trees=POOLED in given.models, horizon=horizon
    )
    scored = score_candidates(history, candidates, windows, horizon, least)
    sums = scored.sums.map(lambda values: values[:, of_role(windows, Role.VALIDATION)])
    seen = history.quantity[:, : history.n_days - horizon]
    obsolete = columns(panel.obsolete_days)
    classes = demand_classes(seen, columns(panel.new_days), obsolete)
    unjudged = history.n_known < least
    table = class_table(sums, classes)
    chosen = select(sums, classes, table, columns(MIN_CHOICE_DAYS), unjudged=unjudged)
    return forecast_batch(
        history,
        np.zeros((history.n_series, horizon), dtype=np.bool_),
        candidates,
        chosen,
        windows,
        horizon=horizon,
        levels=tuple(SEVEN.tolist()),
        obsolete_days=obsolete,
        min_train_days=least,
    )


def _columns(period: int, days: int) -> int:
    """The fewest columns that hold so many days."""
    return max(-(-days // period), 1)


def _with_promotions(origin: Origin) -> Output:
    """The same with what is planned, for sets that have it."""
    return _as_run(replace(origin, history=replace(origin.history, regressors=origin.planned)))


def _without(*changed: tuple[ModuleType, str, object]) -> Callable[[Origin], Output]:
    """What a run would publish with some constants changed, one part at a time."""

    def forecast(origin: Origin) -> Output:
        with ExitStack() as stack:
            for module, name, value in changed:
                stack.enter_context(patch.object(module, name, value))
            return _as_run(origin)

    return forecast


def _no_median(*_: object) -> None:
    """In place of the trees of the median, or of laying their median over other models' means."""


def _nothing(features: PooledFeatures) -> FloatArray:
    """[S], the trees' part of the mean: none."""
    return np.zeros(len(features.level))


def _as_the_weekday_forecast(features: PooledFeatures, _: object) -> FloatArray:
    """[S, C, H], the linear regression's ratio: it says nothing, and the weekday forecast stands there."""
    return np.ones(features.shrunk.shape)


def _by_squares(mean: FloatArray, actual: FloatArray, scored: BoolArray, log_prior: float) -> FloatArray:
    """Squared errors over units forecast, in logs drawn to the pool's as if that were seven errors."""
    n_errors = np.count_nonzero(scored, axis=1)
    units = np.maximum(np.sum(mean, axis=1, where=scored), 0.5)
    own = np.clip(np.sum((actual - mean) ** 2, axis=1, where=scored) / units, 1.0, LARGEST_DISPERSION)
    return np.exp((n_errors * np.log(own) + 7.0 * log_prior) / (n_errors + 7.0))


WITHOUT: Mapping[str, Callable[[Origin], Output]] = {
    "without trees": _without((model, "trees_share", _nothing)),
    "without more of the trees for little to go by": _without(
        (model, "UNITS_TO_GO_BY", 1e-9), (model, "GO_BY_DAYS", 1)
    ),
    "without the linear regression": _without((model, "linear_ratio", _as_the_weekday_forecast)),
    "without a median of its own": _without((model, "median_forecast", _no_median)),
    "without days of the month": _without((month_days, "PRIOR_SPREAD", 1e-6)),
    "without damping of spikes": _without((outliers, "STANDARD_DEVIATIONS", 1e9)),
    "without giving back what damping takes": _without((excess, "LARGEST_EXCESS", 1.0)),
    "without shrinking of weekdays": _without((shrunk_weekday, "PRIOR_UNITS", 1.0)),
    "without a median over other models": _without(
        (role_backtest, "with_medians", _no_median), (batch_forecast, "with_medians", _no_median)
    ),
    "without a pool's dispersion": _without((dispersion, "PRIOR_SPREAD", 1e3)),
    "with dispersions by squares": _without((calibration, "likely_dispersion", _by_squares)),
    "without any choice": _without((selection, "CLASS_GAIN", 1.0), (selection, "CLEAR_GAIN", 1.0)),
    "with every choice by least error": _without(
        (selection, "CLASS_GAIN", 0.0), (selection, "CLEAR_GAIN", 0.05), (selection, "CLEAR_ERRORS", 1.0)
    ),
}
"""The default with one part off."""


_run_once = cache(_as_run)


def _knowing(axes: tuple[int, ...], since: str = "", until: str = "9") -> Callable[[Origin], Output]:
    """The mean of a run, scaled to what its scored days will have come to: summed over these axes of [S, H].

    No forecaster; it says how much of the error such knowledge would take away at most. since, until: ISO
    dates, only days between them are known.
    """

    def forecast(origin: Origin) -> Output:
        made = _run_once(origin)
        dates = origin.days.astype("datetime64[D]").astype(str)
        scored = ~np.isnan(origin.actual) & (since <= dates) & (dates <= until)
        told, came = (
            np.where(scored, values, 0.0).sum(axis=axes, keepdims=True)
            for values in (made.forecast, origin.actual)
        )
        ratio = np.divide(came, told, out=np.ones_like(came), where=told > 0)
        return Output(np.where(scored, made.forecast * ratio, made.forecast), None, made.seconds)

    return forecast


def without_last_year(
    history: History, cutoffs: IntArray, horizon: int, pool: PoolProfile, log_dispersion: FloatArray
) -> FloatArray:
    """In place of a product's own last year: not known of any."""
    return np.zeros_like(last_year(history, cutoffs, horizon, pool, log_dispersion))


WITHOUT_LAST_YEAR = "lepton without last year"

ON_REQUEST: Mapping[str, Callable[[Origin], Output]] = {
    WITHOUT_LAST_YEAR: _without((features, "last_year", without_last_year)),
    "knowing the total": _knowing((0, 1)),
    "knowing each day's total": _knowing((0,)),
    "knowing each product's sum": _knowing((1,)),
    "knowing Thanksgiving's days": _knowing((0,), "2017-11-20", "2017-11-25"),
    "knowing 14 November 2011": _knowing((0,), "2011-11-14", "2011-11-14"),
}
"""Run only when named: what knowledge of the coming four weeks would be worth, and what needs two years."""

OURS: Mapping[str, Callable[[Origin], Output]] = {
    "lepton as run": _as_run,
    "lepton as run, with promotions": _with_promotions,
    "lepton pooled": _alone(POOLED),
    "lepton shrunk weekday": _alone(SHRUNK_WEEKDAY),
    **{f"lepton {name}": run for name, run in WITHOUT.items()},
    **{f"lepton {name}": _alone(name) for name in ("exponential_smoothing", "theta", "croston_sba", "tsb")},
}
