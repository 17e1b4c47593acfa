"""The forecasters of this project, as the table runs them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import LEVELS, Output
from lepton_spark.config import BacktestSettings, ForecastSettings, PanelSettings
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.evaluation.final import forecast_batch
from lepton_spark.evaluation.selection import class_table, select
from lepton_spark.evaluation.windows import Role, of_role, plan_windows
from lepton_spark.forecasting.settings import MIN_CHOICE_DAYS
from lepton_spark.models.batch import FloatArray, History, IntArray, PoolProfile
from lepton_spark.models.pooled import PooledModel, at_one_cutoff
from lepton_spark.models.pooled_features import pooled_features
from lepton_spark.models.pooled_training import PooledSettings, train
from lepton_spark.models.registry import Candidate, candidates_for, create
from lepton_spark.models.shrunk_weekday import ShrunkWeekday, pool_profile, profiles

Part = Callable[[PooledModel, Origin], tuple[FloatArray, FloatArray | None]]
SCORED = PooledSettings(levels=tuple(LEVELS.tolist()))


@lru_cache(maxsize=1)
def trained(origin: Origin) -> tuple[PooledModel, float]:
    """The default configuration trained at an origin, and the seconds that it took."""
    start = time.perf_counter()
    return train(origin.history, HORIZON, SCORED), time.perf_counter() - start


def _pooled(part: Part) -> Callable[[Origin], Output]:
    def forecast(origin: Origin) -> Output:
        model, seconds = trained(origin)
        start = time.perf_counter()
        mean, quantiles = part(model, origin)
        return Output(mean, quantiles, seconds + time.perf_counter() - start)

    return forecast


def _default(model: PooledModel, origin: Origin) -> tuple[FloatArray, FloatArray]:
    mean = model.forecast(origin.history, HORIZON).forecast
    return mean, model.quantile_forecast(origin.history, HORIZON)


def _trees_only(model: PooledModel, origin: Origin) -> tuple[FloatArray, FloatArray]:
    """Without the shrunk weekday forecast in the mean; quantiles not rounded to whole units."""
    features = pooled_features(origin.history, np.array([origin.history.n_days - 1]), HORIZON, model.pool)
    arrays, level, shrunk = at_one_cutoff(features), features.level[:, :1], features.shrunk[:, 0]
    over_level = np.exp(model.over_level.predict(*arrays)) * level
    over_shrunk = np.exp(model.over_shrunk.predict(*arrays)) * shrunk
    raw = np.stack([trees.predict(*arrays) * shrunk for trees in model.quantiles], axis=2)
    return (over_level + over_shrunk) / 2.0, np.maximum(np.sort(raw, axis=2), 0.0)


def _with_pools(history: History, columns: IntArray) -> History:
    """The history with what its own series share at some cutoffs."""
    profile = pool_profile(profiles(history, columns))
    pools = {
        int(day): PoolProfile(profile.index[[place]], profile.log_dispersion[[place]])
        for place, day in enumerate(history.days[columns])
    }
    return replace(history, pools=pools)


def _shrunk_weekday(origin: Origin) -> Output:
    start = time.perf_counter()
    history = _with_pools(origin.history, np.array([origin.history.n_days - 1]))
    forecast = ShrunkWeekday().fit_forecast(history, HORIZON).forecast
    return Output(forecast, None, time.perf_counter() - start)


def _alone(name: str) -> Callable[[Origin], Output]:
    """One model of the registry that takes no parameter, for every product; nothing below 0."""

    def forecast(origin: Origin) -> Output:
        start = time.perf_counter()
        fit = create(Candidate(name)).fit_forecast(origin.history, HORIZON)
        return Output(np.maximum(fit.forecast, 0.0), None, time.perf_counter() - start)

    return forecast


def _as_run(origin: Origin) -> Output:
    """What a run with the default configuration would publish: both passes, their choice, their quantiles."""
    start = time.perf_counter()
    given, backtest, panel = ForecastSettings(), BacktestSettings(), PanelSettings()
    windows = plan_windows(HORIZON, backtest.validation_windows, backtest.stride)
    columns = np.append(cutoff_columns(origin.history, windows), origin.history.n_days - 1)
    history = _with_pools(origin.history, columns[columns >= 0])
    candidates = candidates_for(given.models, given.half_lives)
    scored = score_candidates(history, candidates, windows, HORIZON, backtest.min_train_days)
    sums = scored.sums.map(lambda values: values[:, of_role(windows, Role.VALIDATION)])
    seen = history.quantity[:, : history.n_days - HORIZON]
    classes = demand_classes(seen, panel.new_days, panel.obsolete_days)
    selection = select(sums, classes, class_table(sums, classes), MIN_CHOICE_DAYS)
    made = forecast_batch(
        history,
        np.zeros((history.n_series, HORIZON), dtype=np.bool_),
        candidates,
        selection,
        windows,
        horizon=HORIZON,
        levels=tuple(LEVELS.tolist()),
        obsolete_days=panel.obsolete_days,
        min_train_days=backtest.min_train_days,
    )
    return Output(made.forecast, made.quantiles, time.perf_counter() - start)


OURS: Mapping[str, Callable[[Origin], Output]] = {
    "lepton as run": _as_run,
    "lepton pooled": _pooled(_default),
    "lepton, trees only, not rounded": _pooled(_trees_only),
    "lepton shrunk weekday": _shrunk_weekday,
    **{f"lepton {name}": _alone(name) for name in ("exponential_smoothing", "theta", "croston_sba", "tsb")},
}
