"""What every registered model promises."""

from dataclasses import replace

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton_spark.models.data.history import Fit, History, PublicDays
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.shrunk_weekday import pool_at
from lepton_spark.models.pooled.trees import PooledTrees, Trees
from lepton_spark.models.registry import (
    READS_HOLIDAYS,
    SHARING,
    Candidate,
    candidates_for,
    create,
    known_models,
)

CANDIDATES = candidates_for(known_models(), [28.0])
NUMPY_ONLY = [
    c for c in CANDIDATES if c.model not in {"hist_gradient_boosting", "mlp", "sklearn_linear_regression"}
]
HORIZON = 10
PLANNED = ("series", "first_day", "last_day", "known_day", "measures")
"""What `Plans` holds a row of each."""

NOT_ITSELF = {
    "zero": 0.0,
    "croston_sba": 0.99
    * 6.0,  # its correction by 1 - alpha / 2 knows no daily sales; its least alpha is 0.02
}

every_model = pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.key)
days_and_weeks = pytest.mark.parametrize("period", [1, 7], ids=["days", "weeks"])


def _history(period: int, seed: int = 1) -> History:
    random = np.random.default_rng(seed)
    quantity = random.poisson(5.0, (4, 70)).astype(float)
    quantity[random.random(quantity.shape) < 0.1] = np.nan
    return _of(quantity, period)


def _fit(candidate: Candidate, history: History) -> Fit:
    return create(candidate).fit_forecast(history, HORIZON)


def _of(quantity: np.ndarray, period: int) -> History:
    return History(quantity, 19_000 + period * np.arange(quantity.shape[1]), period=period)


@every_model
@days_and_weeks
def test_model_forecasts_every_series_despite_unknown_days(candidate: Candidate, period: int) -> None:
    fit = _fit(candidate, _history(period))
    assert fit.forecast.shape == (4, HORIZON)
    assert np.isfinite(fit.forecast).all()
    assert all(values.shape == (4,) for values in fit.coefficients.values())


@every_model
@days_and_weeks
def test_model_gives_nan_row_for_unknown_series_and_fits_the_others(
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
def test_model_gives_whole_row_or_nan_row_for_one_day(candidate: Candidate, period: int) -> None:
    forecast = _fit(candidate, _of(np.array([[4.0], [0.0]]), period)).forecast
    finite = np.isfinite(forecast)
    assert (finite.all(axis=1) | ~finite.any(axis=1)).all()


@every_model
@days_and_weeks
def test_model_forecasts_constant_as_itself(candidate: Candidate, period: int) -> None:
    expected = NOT_ITSELF.get(candidate.model, 6.0)
    forecast = _fit(candidate, _of(np.full((2, 60), 6.0), period)).forecast
    np.testing.assert_allclose(forecast, expected, atol=1e-8)


@every_model
@days_and_weeks
def test_model_does_not_depend_on_the_order_of_series(candidate: Candidate, period: int) -> None:
    history, order = _history(period), np.array([2, 0, 3, 1])
    np.testing.assert_allclose(
        _fit(candidate, history.select(order)).forecast,
        _fit(candidate, history).forecast[order],
        rtol=1e-9,
        atol=1e-9,
    )


@every_model
@days_and_weeks
def test_model_leaves_its_input_unchanged_and_repeats_itself(candidate: Candidate, period: int) -> None:
    history = _history(period)
    before = history.quantity.copy()
    first, second = _fit(candidate, history), _fit(candidate, history)
    np.testing.assert_array_equal(history.quantity, before)
    np.testing.assert_array_equal(first.forecast, second.forecast)


def _with_all_that_is_told(history: History, *, later: float, told_late: bool) -> History:
    """Spikes damped, promotions, holidays, pools with trees; `later` is of what comes after column 49."""
    period, days = history.period, history.days
    quantity = history.quantity.copy()
    quantity[:, 50:] += later
    series, known = np.arange(4), np.full(4, days[0] - 9)
    first = days[0] + period * np.array([10, 20, 51, 55])
    plans = Plans(  # the last is of a day before the cutoff, and told after it
        4,
        np.append(series, 0),
        np.append(first, days[30]),
        np.append(first + 2 * period, days[30]),
        np.append(known, days[60]),
        np.append(np.ones(4), 0.5 + later / 1e7)[:, np.newaxis],
        HORIZON,
    )
    if not told_late:
        plans = replace(plans, **{name: getattr(plans, name)[:4] for name in PLANNED})
    assert plans.told_late == told_late
    planned = plans.by_day(days, period)
    none = np.zeros(0, np.int64)
    pools = {}
    for column, ratio in ((49, 0.1), (69, later)):
        said = Trees(ratio, none, np.zeros(0), none, np.zeros(0, np.uint16), np.zeros((1, 16)))
        pool = pool_at(replace(history, quantity=quantity), np.array([column]))
        pools[int(days[column])] = replace(pool, trees=PooledTrees((said,), said))
    return replace(
        history,
        quantity=quantity,
        damped=damped(quantity, planned),
        regressors=planned,
        plans=plans,
        pools=pools,
        public_days=PublicDays(days[[15, 52]], np.array([0, 0])) if period == 1 else None,
    )


@every_model
@days_and_weeks
def test_model_does_not_see_days_after_the_cutoff(candidate: Candidate, period: int) -> None:
    for told_late in (False, True):
        told, otherwise = (
            _with_all_that_is_told(_history(period), later=later, told_late=told_late) for later in (0.0, 1e6)
        )
        fit = _fit(candidate, told.until(49))
        np.testing.assert_array_equal(fit.forecast, _fit(candidate, otherwise.until(49)).forecast)
        assert np.isfinite(fit.forecast).all()
        if candidate.model in READS_HOLIDAYS and period == 1:  # what is shared is read at all
            assert (fit.forecast != _fit(candidate, _history(period).until(49)).forecast).any()


@every_model
@days_and_weeks
def test_model_survives_cloudpickle(candidate: Candidate, period: int) -> None:
    forecaster = cloudpickle.loads(cloudpickle.dumps(create(candidate)))
    np.testing.assert_array_equal(
        forecaster.fit_forecast(_history(period), HORIZON).forecast,
        _fit(candidate, _history(period)).forecast,
    )


SCALE_FREE = [c for c in NUMPY_ONLY if c.model not in SHARING]  # their prior is worth so many units


@pytest.mark.parametrize("candidate", SCALE_FREE, ids=lambda c: c.key)
@days_and_weeks
@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.001, 1000.0), seed=st.integers(0, 1000))
def test_model_scales_with_its_series(candidate: Candidate, period: int, scale: float, seed: int) -> None:
    history = _history(period, seed)
    scaled = _fit(candidate, _of(history.quantity * scale, period)).forecast
    np.testing.assert_allclose(
        scaled, _fit(candidate, history).forecast * scale, rtol=1e-8, atol=1e-8 * scale
    )
