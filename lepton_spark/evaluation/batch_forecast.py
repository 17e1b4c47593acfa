"""The second pass over a batch (pass B): select a candidate for each series, fit it, forecast, calibrate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.backtest import score_candidates
from lepton_spark.evaluation.choice import BASELINE, Choice, choose, roles_of
from lepton_spark.evaluation.demand import demand_classes, is_obsolete
from lepton_spark.evaluation.explanation import Explanation, explanation_of, usual_level
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import Spread, quantiles_around
from lepton_spark.evaluation.quantiles.demand_sums import sum_dispersions
from lepton_spark.evaluation.role_backtest import (
    Assignment,
    Keys,
    RoleScores,
    expected_log_dispersion,
    fit_roles,
)
from lepton_spark.evaluation.selection import Selection, ValidationErrors
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.registry import Candidate

OK, SHORT_HISTORY, FALLBACK, OBSOLETE = "ok", "short_history", "fallback", "obsolete"
NO_KNOWN_DAYS, TOO_FEW_DAYS, NOT_FINITE = "no_known_days", "too_few_known_days", "no_finite_forecast"
NOT_JUDGED = "too_few_known_days_to_judge"
FALLBACKS = (BASELINE, Candidate("mean"), Candidate("zero"))


@dataclass(frozen=True)
class BatchForecast:
    """The forecasts of a batch, one row per series in the order of its history.

    forecast: [S, H]; quantiles: [S, H, Q], units, finite and never negative.
    demand_class: [S], at the cutoff. models: [S], key of the candidate or fallback that made the forecast,
    `zero` for an obsolete series. coefficients: [S], of that model by name.
    status: [S], `ok`, `short_history` (younger than the backtest needs, so that no error of it is known),
    `fallback` or `obsolete`. reasons: [S], None where `ok`.
    fallback_level: [S], 0 the chosen model, 1 seasonal naive, 2 mean, 3 zero.
    quantile_method: [S]. dispersion: [S], variance over mean, NaN where quantiles use backtest errors.
    sum_dispersion: [S, N], variance over mean of demand over several columns (see `demand_sums`).
    explanation: the parts that the forecast is the sum of.
    spread: for quantiles of later forecasts.
    chosen, runner_up, seasonal_naive: backtest scores of the candidates in these roles.
    """

    forecast: FloatArray
    quantiles: FloatArray
    demand_class: StringArray
    models: tuple[str, ...]
    coefficients: tuple[Mapping[str, float], ...]
    status: StringArray
    reasons: Keys
    fallback_level: IntArray
    quantile_method: StringArray
    dispersion: FloatArray
    sum_dispersion: FloatArray
    explanation: Explanation
    spread: Spread
    selection: Selection
    chosen: RoleScores
    runner_up: RoleScores
    seasonal_naive: RoleScores


def forecast_histories(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
    segment: IntArray | None = None,
) -> BatchForecast:
    """Score all candidates (pass A), then select and forecast (pass B), for series that fit into one process.

    A run makes both passes batch by batch. segment: [S], position of each series' portfolio.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    scores = score_candidates(history, pools, settings)
    validation = ValidationErrors.of(scores.sums, settings.validation)
    names = None if segment is None else np.array(settings.choices.names)[segment]
    sums = scores.sums.map(lambda values: values[:, settings.validation])
    errors = class_errors(sums, scores.demand_class, names)
    return forecast_batch(
        history, pools, settings, validation, errors, closed=closed, prior=prior, segment=segment
    )


def forecast_batch(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    validation: ValidationErrors,
    errors: ClassErrors,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
    segment: IntArray | None = None,
) -> BatchForecast:
    """Forecast every series with its chosen candidate, or the first fallback whose forecast is finite.

    Closed days and obsolete series are forecast 0. Quantiles use the chosen candidate's errors on all
    windows. After a fallback they use the pool's dispersion for whole units, and Poisson for others.
    A prior moves the forecast towards a planner's level, even of an obsolete series; a series with a prior
    gets the median of the distribution, not the model's own.

    validation, errors: from pass A. closed: [S, H], days ahead on which nothing can be sold.
    segment: [S], position of each series' portfolio; none: the standard one for all series.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    choice = choose(history, pools, settings, validation, errors, segment)
    return forecast_choice(history, pools, settings, choice, closed=closed, prior=prior)


def forecast_choice(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    choice: Choice,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
) -> BatchForecast:
    """Forecast every series with the candidate that was chosen for it; as `forecast_batch` otherwise."""
    closed = np.zeros((history.n_series, settings.horizon), dtype=np.bool_) if closed is None else closed
    obsolete = is_obsolete(history.quantity, settings.obsolete) & ~choice.before_season
    if prior is not None:
        obsolete = obsolete & ~prior.applies
    chosen = roles_of(choice.selection, settings)[0]
    base = usual_level(history)
    fitted = _fit_with_fallbacks(history, pools, chosen, closed, np.flatnonzero(~obsolete), base)
    median = fitted.median
    if prior is not None:
        median = np.where(prior.applies[:, np.newaxis], np.nan, median)
    is_short = history.n_known < settings.min_train
    is_zero = closed | obsolete[:, np.newaxis]
    forecast = np.where(is_zero, 0.0, fitted.forecast)
    if prior is not None:
        forecast = prior.apply(forecast, is_zero)
    spread = choice.spread.forgetting(fitted.level > 0)
    calibrated = quantiles_around(forecast, spread, settings.levels, median)
    fitted_sums = np.where((fitted.level > 0)[:, np.newaxis], np.nan, choice.sums)
    expected = expected_log_dispersion(history, pools)
    return BatchForecast(
        forecast=forecast,
        quantiles=np.where(is_zero[:, :, np.newaxis], 0.0, calibrated.values),
        demand_class=demand_classes(history.quantity, settings.new, settings.obsolete),
        models=tuple("zero" if gone else c.key for c, gone in zip(fitted.used, obsolete, strict=True)),
        coefficients=tuple(
            {} if gone else values for values, gone in zip(fitted.coefficients, obsolete, strict=True)
        ),
        status=np.select([obsolete, fitted.level > 0, is_short], [OBSOLETE, FALLBACK, SHORT_HISTORY], OK),
        reasons=_reasons(history, fitted, obsolete, settings.min_train),
        fallback_level=np.where(obsolete, 0, fitted.level),
        quantile_method=calibrated.method,
        dispersion=calibrated.dispersion,
        sum_dispersion=sum_dispersions(fitted_sums, forecast, spread, expected),
        explanation=explanation_of(base, fitted.parts, forecast),
        spread=choice.spread,
        selection=choice.selection,
        chosen=choice.chosen,
        runner_up=choice.runner_up,
        seasonal_naive=choice.seasonal_naive,
    )


@dataclass(frozen=True)
class _Fitted:
    """The first finite forecast of each series, the candidate that made it, and its fallback level [S].

    forecast, median: [S, H]. parts: [G, S, H], what each group adds to the base.
    reasons: why chosen candidates could not be fitted, by row.
    """

    forecast: FloatArray
    median: FloatArray
    parts: FloatArray
    coefficients: tuple[Mapping[str, float], ...]
    reasons: Mapping[int, str]
    used: tuple[Candidate, ...]
    level: IntArray


def _fit_with_fallbacks(
    history: History,
    pools: Pools,
    chosen: Assignment,
    closed: BoolArray,
    rows: IntArray,
    base: FloatArray,
) -> _Fitted:
    """Fits the series in `rows`; the others get NaN. closed: [S, H]. base: [S], of the parts."""
    horizon = closed.shape[1]
    (fit,) = fit_roles(history, pools, [chosen], rows, horizon)
    forecast, median, coefficients = fit.forecast, fit.median, fit.coefficients
    parts = fit.parts_above(base)
    used = [candidate or BASELINE for candidate in chosen]
    level = np.zeros(history.n_series, dtype=np.int64)
    for number, candidate in enumerate(FALLBACKS, start=1):
        finite = np.isfinite(forecast[rows])
        failed = rows[~(finite | closed[rows]).all(axis=1) | ~finite.any(axis=1)]
        if not failed.size:
            break
        (fallback,) = fit_roles(history, pools, [(candidate,) * history.n_series], failed, horizon)
        is_last = number == len(FALLBACKS)  # 0 even where nothing can be fitted
        forecast[failed] = 0.0 if is_last else fallback.forecast[failed]
        parts[:, failed] = fallback.parts_above(base)[:, failed]
        median[failed] = np.nan
        level[failed] = number
        of_fallback = fallback.coefficients
        for row in failed.tolist():
            used[row], coefficients[row] = candidate, of_fallback[row]
    return _Fitted(forecast, median, parts, tuple(coefficients), fit.reasons, tuple(used), level)


def _reasons(history: History, fitted: _Fitted, obsolete: BoolArray, min_train: int) -> Keys:
    """[S], why the status is not `ok`; None where it is."""
    reasons: list[str | None] = [None] * history.n_series
    is_short = history.n_known < min_train
    for row in np.flatnonzero((fitted.level > 0) | obsolete | is_short).tolist():
        if obsolete[row]:
            reasons[row] = "no_recent_sale"
        elif fitted.level[row] == 0:
            known, needed = history.period * history.n_known[row], history.period * min_train
            reasons[row] = f"{NOT_JUDGED}: {known} known, the backtest needs {needed}"
        elif history.n_known[row] == 0:
            reasons[row] = NO_KNOWN_DAYS
        elif row in fitted.reasons:
            reasons[row] = f"model_failed: {fitted.reasons[row]}"
        else:
            few = history.n_known[row] < 2 * history.season_length
            reasons[row] = TOO_FEW_DAYS if few else NOT_FINITE
    return tuple(reasons)
