"""What every registered model guarantees, with and without a pool."""

from dataclasses import replace

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.factors import EVENTS
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.models.pooled.pool import Pool, Pools, neutral_pool, pool_of
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.linear import PooledRegression
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.registry import (
    MODELS_WITHOUT_EVENTS,
    POOLED_MODELS,
    Candidate,
    candidates_for,
    create,
    known_models,
)
from tests.unit.models.events import events

NEEDS_A_YEAR = {"seasonal_last_year"}
"""Models that forecast nothing for the short histories of these tests; they have tests of their own."""

CANDIDATES = candidates_for([name for name in known_models() if name not in NEEDS_A_YEAR], [28.0])
SKLEARN = {"hist_gradient_boosting", "mlp", "sklearn_linear_regression"}
SCALE_FREE = [c for c in CANDIDATES if c.model not in SKLEARN | POOLED_MODELS]
"""The pooled models shrink by a prior in units, so their forecasts do not scale."""

SHIFTED = {
    *("linear_regression", "exponential_smoothing", "theta", "ridge", "planned_ridge"),
    *("mean", "seasonal_naive", "seasonal_window_average"),
}
"""Models whose forecast rises by what is sold in addition on every day."""

HORIZON = 10
CUTOFF = 49
N_SERIES, N_COLUMNS = 4, 70
N_REGRESSION_COLUMNS = 19 + 2 + 4
"""Averages and the level, two of last year, four of one planned measure."""

PLAN_ARRAYS = ("series", "first_day", "last_day", "known_day", "measures")
"""Fields of `Plans` with one row per plan."""

CONSTANT_FORECAST = {
    "zero": 0.0,
    "croston_sba": 0.99 * 6.0,  # 1 - alpha / 2 with the smallest alpha, 0.02: it assumes rare sales
}
"""Forecast of a constant 6, of the models whose forecast is not 6."""

every_model = pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.key)
days_and_weeks = pytest.mark.parametrize("period", [1, 7], ids=["days", "weeks"])


def _history(period: int, seed: int = 1) -> History:
    random = np.random.default_rng(seed)
    quantity = random.poisson(5.0, (N_SERIES, N_COLUMNS)).astype(float)
    quantity[random.random(quantity.shape) < 0.1] = np.nan
    return _of(quantity, period)


def _of(quantity: np.ndarray, period: int) -> History:
    return History(quantity, 19_000 + period * np.arange(quantity.shape[1]), period=period)


def _fit(candidate: Candidate, history: History, pool: Pool | None = None) -> Fit:
    return create(candidate, pool).fit_forecast(history, HORIZON)


@every_model
@days_and_weeks
def test_model_forecasts_every_series_despite_unknown_days(candidate: Candidate, period: int) -> None:
    fit = _fit(candidate, _history(period))
    assert fit.forecast.shape == (N_SERIES, HORIZON)
    assert np.isfinite(fit.forecast).all()
    assert all(values.shape == (N_SERIES,) for values in fit.coefficients.values())


@every_model
@days_and_weeks
def test_model_gives_a_nan_row_for_an_unknown_series_and_fits_the_others(
    candidate: Candidate, period: int
) -> None:
    history = _history(period)
    quantity = history.quantity.copy()
    quantity[2] = np.nan
    fit = _fit(candidate, _of(quantity, period))
    assert np.isnan(fit.forecast[2]).all()
    np.testing.assert_allclose(
        fit.forecast[[0, 1, 3]], _fit(candidate, history).forecast[[0, 1, 3]], rtol=1e-9, atol=1e-9
    )


@every_model
@days_and_weeks
def test_model_gives_finite_or_nan_rows_for_a_single_column(candidate: Candidate, period: int) -> None:
    finite = np.isfinite(_fit(candidate, _of(np.array([[4.0], [0.0]]), period)).forecast)
    assert (finite.all(axis=1) | ~finite.any(axis=1)).all()


@every_model
@days_and_weeks
def test_model_forecasts_a_constant_series_as_itself(candidate: Candidate, period: int) -> None:
    expected = CONSTANT_FORECAST.get(candidate.model, 6.0)
    forecast = _fit(candidate, _of(np.full((2, 60), 6.0), period)).forecast
    np.testing.assert_allclose(forecast, expected, atol=1e-8)


@every_model
@days_and_weeks
def test_model_leaves_its_input_unchanged_and_repeats_itself(candidate: Candidate, period: int) -> None:
    history = _history(period)
    before = history.quantity.copy()
    first, second = _fit(candidate, history), _fit(candidate, history)
    np.testing.assert_array_equal(history.quantity, before)
    np.testing.assert_array_equal(first.forecast, second.forecast)


@every_model
@days_and_weeks
def test_model_survives_cloudpickle(candidate: Candidate, period: int) -> None:
    forecaster = cloudpickle.loads(cloudpickle.dumps(create(candidate)))
    np.testing.assert_array_equal(
        forecaster.fit_forecast(_history(period), HORIZON).forecast,
        _fit(candidate, _history(period)).forecast,
    )


@pytest.mark.parametrize("candidate", SCALE_FREE, ids=lambda candidate: candidate.key)
@days_and_weeks
@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.001, 1000.0), seed=st.integers(0, 1000))
def test_model_scales_with_its_series(candidate: Candidate, period: int, scale: float, seed: int) -> None:
    history = _history(period, seed)
    scaled = _fit(candidate, _of(history.quantity * scale, period)).forecast
    np.testing.assert_allclose(
        scaled, _fit(candidate, history).forecast * scale, rtol=1e-8, atol=1e-8 * scale
    )


def _eventful(period: int, *, later: float = 0.0, late_plans: bool = False) -> tuple[History, Pools]:
    """A history with damped outliers, promotions and holidays, and pools with trees and a regression.

    One pool is for the cutoff at column 49, one for the end.

    later: changes everything after column 49: sales, trees, and the measure of a late plan.
    late_plans: one more promotion, of column 30, which becomes known at column 60.
    """
    history = _history(period)
    days, quantity = history.days, history.quantity.copy()
    quantity[:, CUTOFF + 1 :] += later
    first = days[0] + period * np.array([10, 20, 51, 55])
    plans = Plans(
        N_SERIES,
        series=np.append(np.arange(N_SERIES), 0),
        first_day=np.append(first, days[30]),
        last_day=np.append(first + 2 * period, days[30]),
        known_day=np.append(np.full(N_SERIES, days[0] - 9), days[60]),
        measures=np.append(np.ones(N_SERIES), 0.5 + later / 1e7)[:, np.newaxis],
        horizon=HORIZON,
    )
    if not late_plans:
        plans = replace(plans, **{name: getattr(plans, name)[:N_SERIES] for name in PLAN_ARRAYS})
    planned = plans.by_day(days, period)
    history = replace(
        history,
        quantity=quantity,
        damped=damp_outliers(quantity, planned),
        regressors=planned,
        plans=plans,
        events=events(days[[15, 52]], [0, 0]) if period == 1 else None,
    )
    assert history.has_late_plans == late_plans
    pool = fit_pool(history, np.array([CUTOFF, N_COLUMNS - 1]))
    pools = {int(days[CUTOFF]): pool.at(0), int(days[-1]): pool.at(1)}
    trees = {int(days[CUTOFF]): _constant_trees(0.1), int(days[-1]): _constant_trees(later)}
    return history, with_trees(pools, trees)


def _constant_trees(log_ratio: float) -> PooledTrees:
    """Trees without a node and a regression with small weights."""
    none = np.zeros(0, np.int64)
    trees = Trees(log_ratio, none, np.zeros(0), none, np.zeros(0, np.uint16), np.zeros((1, 16)))
    return PooledTrees((trees,), trees, PooledRegression(np.full(N_REGRESSION_COLUMNS, 0.01)))


@every_model
@days_and_weeks
@pytest.mark.parametrize("late_plans", [False, True], ids=["early plans", "late plans"])
def test_model_does_not_see_days_after_the_cutoff(
    candidate: Candidate, period: int, late_plans: bool
) -> None:
    fits = []
    for later in (0.0, 1e6):
        history, pools = _eventful(period, later=later, late_plans=late_plans)
        past = history.until(CUTOFF)
        fits.append(_fit(candidate, past, pool_of(pools, past)))
    np.testing.assert_array_equal(fits[0].forecast, fits[1].forecast)
    for name, values in fits[0].coefficients.items():
        np.testing.assert_array_equal(values, fits[1].coefficients[name])
    assert np.isfinite(fits[0].forecast).all()


@every_model
@days_and_weeks
@pytest.mark.parametrize("rows", [[2, 0, 3, 1], [3, 1], [2]], ids=["reordered", "two", "alone"])
def test_model_forecasts_a_series_the_same_in_every_batch(
    candidate: Candidate, period: int, rows: list[int]
) -> None:
    history, pools = _eventful(period)
    pool = pool_of(pools, history)
    part, batch = _fit(candidate, history.select(np.array(rows)), pool), _fit(candidate, history, pool)
    np.testing.assert_allclose(part.forecast, batch.forecast[rows], rtol=1e-9, atol=1e-9)
    assert (part.median is None) == (batch.median is None)
    if part.median is not None and batch.median is not None:
        np.testing.assert_array_equal(part.median, batch.median[rows])


@every_model
def test_model_multiplies_by_the_event_factors_of_the_pool_unless_it_is_listed(
    candidate: Candidate,
) -> None:
    history = _history(1)
    pool = replace(neutral_pool(), factors={EVENTS.name: np.full((1, HORIZON), 2.0)})
    shared, alone = _fit(candidate, history, pool), _fit(candidate, history)
    times = 1.0 if candidate.model in MODELS_WITHOUT_EVENTS else 2.0
    np.testing.assert_allclose(shared.forecast, times * alone.forecast, rtol=1e-12)


def _assert_parts_add_up(fit: Fit) -> None:
    """The parts above a base of 3 are finite, and add up to the forecast less 3."""
    parts = fit.parts.above(np.full(len(fit.forecast), 3.0), fit.forecast.shape[1])
    assert np.isfinite(parts).all()
    np.testing.assert_allclose(3.0 + parts.sum(axis=0), fit.forecast, rtol=1e-10, atol=1e-10)


@every_model
@days_and_weeks
@pytest.mark.parametrize("shared", [True, False], ids=["with a pool", "alone"])
def test_parts_of_a_model_add_up_to_its_forecast(candidate: Candidate, period: int, *, shared: bool) -> None:
    history, pools = _eventful(period)
    _assert_parts_add_up(_fit(candidate, history, pool_of(pools, history) if shared else None))


@days_and_weeks
def test_parts_of_last_years_season_add_up_to_its_forecast(period: int) -> None:
    quantity = np.random.default_rng(3).poisson(2.0, (3, 800 // period)).astype(float)
    quantity[1, : 400 // period] = 0.0
    _assert_parts_add_up(_fit(Candidate("seasonal_last_year"), _of(quantity, period)))


@every_model
def test_only_models_of_single_regressors_give_a_single_part(candidate: Candidate) -> None:
    assert (_fit(candidate, _history(1)).explain is None) == (candidate.model in SKLEARN)


@pytest.mark.parametrize("candidate", SCALE_FREE, ids=lambda candidate: candidate.key)
@days_and_weeks
@settings(max_examples=5, deadline=None)
@given(scale=st.floats(0.001, 1000.0))
def test_parts_scale_with_the_series(candidate: Candidate, period: int, scale: float) -> None:
    history = _history(period)
    one, many = (
        _fit(candidate, _of(history.quantity * times, period)).parts.above(np.full(N_SERIES, times), HORIZON)
        for times in (1.0, scale)
    )
    np.testing.assert_allclose(many, one * scale, rtol=1e-7, atol=1e-8 * scale)


@pytest.mark.parametrize("model", sorted(SHIFTED))
@days_and_weeks
def test_units_that_sell_every_day_change_the_level_only(model: str, period: int) -> None:
    candidate = candidates_for([model], [28.0])[0]
    history = _history(period)
    before, after = (
        _fit(candidate, _of(history.quantity + more, period)).parts.above(np.full(N_SERIES, more), HORIZON)
        for more in (0.0, 100.0)
    )
    np.testing.assert_allclose(after, before, atol=1e-8)


@every_model
@days_and_weeks
@pytest.mark.parametrize("rows", [[2, 0, 3, 1], [3, 1], [2]], ids=["reordered", "two", "alone"])
def test_model_explains_a_series_the_same_in_every_batch(
    candidate: Candidate, period: int, rows: list[int]
) -> None:
    history, pools = _eventful(period)
    pool = pool_of(pools, history)
    part, batch = (
        _fit(candidate, some, pool).parts.above(np.ones(some.n_series), HORIZON)
        for some in (history.select(np.array(rows)), history)
    )
    np.testing.assert_allclose(part, batch[:, rows], rtol=1e-9, atol=1e-9)


@every_model
def test_event_factor_is_a_part_of_the_events(candidate: Candidate) -> None:
    pool = replace(neutral_pool(), factors={EVENTS.name: np.full((1, HORIZON), 2.0)})
    fit = _fit(candidate, _history(1), pool)
    of_events = fit.parts.above(np.zeros(N_SERIES), HORIZON)[NAMES.index("events")]
    if candidate.model in MODELS_WITHOUT_EVENTS:
        assert not of_events.any()
    elif candidate.model not in POOLED_MODELS:  # whose other factors share the difference
        np.testing.assert_allclose(of_events, fit.forecast / 2.0, rtol=1e-9)
