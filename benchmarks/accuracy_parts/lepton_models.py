"""The forecasters of this project: the default run, its ablations, single models, and perfect knowledge."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from accuracy_parts.calibration_bands import PUBLISHED_LEVELS
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import SCORED_LEVELS, Distribution, Model, Output, mean_only
from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.evaluation.backtest import cutoff_columns
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_histories
from lepton_spark.evaluation.quantiles.dispersion import DEFAULT_DISPERSION, DispersionSettings
from lepton_spark.evaluation.selection import DEFAULT_SELECTION, SelectionSettings
from lepton_spark.forecasting.settings import LEVELS, evaluation_settings
from lepton_spark.models.data.arrays import IntArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.pool import pool_of
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings
from lepton_spark.models.registry import POOLED, SHRUNK_WEEKDAY, Candidate, create

DEFAULT = "lepton (default)"
WITH_PROMOTIONS = "lepton with promotions"
WITHOUT_LAST_YEAR = "lepton without last year"

DEFAULT_CONFIG = Config()
NO_WINDOWS: IntArray = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class RunSettings:
    """Settings of a run, of which an ablation changes one."""

    config: Config = DEFAULT_CONFIG
    pooled: PooledSettings = DEFAULT_SETTINGS
    selection: SelectionSettings = DEFAULT_SELECTION
    dispersion: DispersionSettings = DEFAULT_DISPERSION
    damp: bool = True


DEFAULT_RUN = RunSettings()

FOUR_WEEKS = RunSettings(
    Config(
        forecast=ForecastSettings(frequency="weekly", horizon=4),
        backtest=BacktestSettings(validation_windows=3, stride=4),
    )
)
"""Weekly totals, with the backtest of conf/weekly.yaml."""


def forecast_run(history: History, settings: RunSettings = DEFAULT_RUN) -> BatchForecast:
    """What a run publishes for the series of a history, its pool learned from these series alone."""
    evaluation = replace(
        evaluation_settings(settings.config, LEVELS),
        selection=settings.selection,
        dispersion=settings.dispersion,
    )
    history = damped(history) if settings.damp else history
    pools = learn_pools(
        history,
        cutoff_columns(history, evaluation.windows),
        evaluation.horizon,
        trees=any(candidate.model == POOLED for candidate in evaluation.candidates),
        settings=settings.pooled,
    )
    return forecast_histories(history, pools, evaluation)


def forecast_single(
    model: str, history: History, horizon: int = HORIZON, settings: PooledSettings = DEFAULT_SETTINGS
) -> Fit:
    """The forecast of one model for all series, its pool learned from these series alone."""
    history = damped(history)
    pools = learn_pools(history, NO_WINDOWS, horizon, trees=model == POOLED, settings=settings)
    fit = create(Candidate(model), pool_of(pools, history)).fit_forecast(history, horizon)
    return replace(fit, forecast=np.maximum(fit.forecast, 0.0))


def damped(history: History) -> History:
    """The history with outliers damped."""
    return replace(history, damped=damp_outliers(history.quantity, history.regressors))


def run(settings: RunSettings = DEFAULT_RUN, *, promotions: bool = False) -> Model:
    """A whole run; with promotions known ahead where the origin has them."""

    def forecast(origin: Origin) -> Output:
        start = time.perf_counter()
        history = replace(origin.history, regressors=origin.planned) if promotions else origin.history
        batch = forecast_run(history, settings)
        scored = batch.quantiles[..., np.isin(PUBLISHED_LEVELS, SCORED_LEVELS)]
        distribution = Distribution(batch.quantiles, batch.dispersion, batch.sum_dispersion)
        return Output(batch.forecast, scored, time.perf_counter() - start, distribution)

    return forecast


def single(model: str, horizon: int = HORIZON, settings: PooledSettings = DEFAULT_SETTINGS) -> Model:
    """One model by itself, its mean only."""
    return mean_only(lambda origin: forecast_single(model, origin.history, horizon, settings).forecast)


def _with_pooled(**changes: float) -> RunSettings:
    return RunSettings(pooled=replace(DEFAULT_SETTINGS, **changes))


LEAST_ERROR = SelectionSettings(class_gain=0.0, series_gain=0.05, series_standard_errors=1.0)
NO_SELECTION = SelectionSettings(class_gain=1.0, series_gain=1.0)

ABLATIONS: Mapping[str, RunSettings] = {
    "lepton without trees": _with_pooled(use_trees=False),
    "lepton without regression": _with_pooled(use_regression=False),
    "lepton without median trees": _with_pooled(use_median=False),
    "lepton without age weighting": _with_pooled(full_history_days=1),
    "lepton without weekday shrinkage": _with_pooled(weekday_prior_units=1.0),
    "lepton without outlier damping": RunSettings(damp=False),
    "lepton without pooled dispersion": RunSettings(dispersion=DispersionSettings(prior_deviation=1e3)),
    "lepton without selection": RunSettings(selection=NO_SELECTION),
    "lepton with selection by least error": RunSettings(selection=LEAST_ERROR),
}
"""The default with one part off or changed."""

_default = lru_cache(maxsize=1)(run())


def perfect(axes: tuple[int, ...], first: str = "0000-01-01", last: str = "9999-12-31") -> Model:
    """The default's mean scaled to the actual totals: an upper bound of what such knowledge is worth.

    axes: of [S, H], over which totals are known. first, last: ISO dates of the days on which they are.
    """
    window = np.array([first, last], dtype="datetime64[D]").astype(np.int64)

    def forecast(origin: Origin) -> Output:
        output = _default(origin)
        is_known = ~np.isnan(origin.actual) & (window[0] <= origin.days) & (origin.days <= window[1])
        expected, sold = (
            np.where(is_known, values, 0.0).sum(axis=axes, keepdims=True)
            for values in (output.forecast, origin.actual)
        )
        ratio = np.divide(sold, expected, out=np.ones_like(sold), where=expected > 0)
        scaled = np.where(is_known, output.forecast * ratio, output.forecast)
        return Output(scaled, None, output.seconds)

    return forecast


LEPTON: Mapping[str, Model] = {
    DEFAULT: _default,
    WITH_PROMOTIONS: run(promotions=True),
    **{name: run(settings) for name, settings in ABLATIONS.items()},
    **{
        f"lepton {name}": single(name)
        for name in (POOLED, SHRUNK_WEEKDAY, "exponential_smoothing", "theta", "croston_sba", "tsb")
    },
}

ON_REQUEST: Mapping[str, Model] = {
    WITHOUT_LAST_YEAR: run(_with_pooled(use_last_year=False)),
    "perfect total": perfect((0, 1)),
    "perfect daily totals": perfect((0,)),
    "perfect product totals": perfect((1,)),
    "perfect totals of Thanksgiving": perfect((0,), "2017-11-20", "2017-11-25"),
    "perfect total of 14 November 2011": perfect((0,), "2011-11-14", "2011-11-14"),
}
"""Models that run only when named: they need two years of data, or the actuals."""
