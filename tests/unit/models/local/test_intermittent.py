import numpy as np
import pytest
from reference_series import RARE

from lepton_spark.models.data.forecaster import Fit, Forecaster
from lepton_spark.models.data.history import History
from lepton_spark.models.local.intermittent import TSB, TSB_ALPHAS, CrostonSBA

NAN = np.nan


def _fit(model: Forecaster, series: list[float] | np.ndarray, horizon: int = 1) -> Fit:
    quantity = np.array([series], dtype=np.float64)
    return model.fit_forecast(History(quantity, np.arange(quantity.shape[1])), horizon)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # statsforecast 2.1.1, `python benchmarks/references.py`; there size and interval start at the first
        # sale, 3 units on day 3, and the probability at day 1, without a sale.
        (CrostonSBA((0.1,), start=(3.0, 3.0)), 0.909575262837533),
        (TSB(((0.1, 0.1),), start=(3.0, 0.0)), 0.708476772781702),
        (TSB(((0.2, 0.05),), start=(3.0, 0.0)), 0.6303344087220073),
    ],
    ids=["croston_sba", "tsb(0.1, 0.1)", "tsb(0.2, 0.05)"],
)
def test_intermittent_models_with_fixed_parameters_equal_statsforecast(
    model: Forecaster, expected: float
) -> None:
    np.testing.assert_allclose(_fit(model, RARE, 3).forecast, [[expected] * 3], rtol=1e-9)


def test_tsb_grid_starts_with_a_tenth() -> None:
    assert TSB_ALPHAS[0] == (0.1, 0.1)


def test_croston_agrees_with_a_hand_calculation() -> None:
    # sales 4 (interval 2) and 8 (interval 3); start at the means 6 and 2.5 of 5 days with 2 sales
    fit = _fit(CrostonSBA((0.5,)), [0.0, 4.0, 0.0, 0.0, 8.0])
    assert fit.coefficients["size"].tolist() == [6.5]  # 6 -> 5 -> 6.5
    assert fit.coefficients["interval"].tolist() == [2.625]  # 2.5 -> 2.25 -> 2.625
    np.testing.assert_allclose(fit.forecast, [[0.75 * 6.5 / 2.625]])


def test_tsb_agrees_with_a_hand_calculation() -> None:
    # start at size 6 and probability 0.4
    fit = _fit(TSB(((0.5, 0.25),)), [0.0, 4.0, 0.0, 0.0, 8.0])
    assert fit.coefficients["size"].tolist() == [6.5]
    probability = ((((0.4 * 0.75) * 0.75 + 0.25) * 0.75) * 0.75) * 0.75 + 0.25
    np.testing.assert_allclose(fit.coefficients["probability"], [probability])
    np.testing.assert_allclose(fit.forecast, [[6.5 * probability]])


@pytest.mark.parametrize("model", [CrostonSBA(), TSB()], ids=["croston_sba", "tsb"])
def test_intermittent_models_ignore_unknown_days(model: Forecaster) -> None:
    gaps = np.insert(np.tile(RARE, 2), [0, 0, 3, 9, 30, 30, 52], NAN)
    assert _fit(model, gaps).forecast.tolist() == _fit(model, np.tile(RARE, 2)).forecast.tolist()


@pytest.mark.parametrize("model", [CrostonSBA(), TSB()], ids=["croston_sba", "tsb"])
def test_intermittent_models_forecast_zero_without_a_sale(model: Forecaster) -> None:
    assert _fit(model, [0.0, NAN, *[0.0] * 30], 2).forecast.tolist() == [[0.0, 0.0]]
    assert _fit(model, [-2.0, 0.0], 2).forecast.tolist() == [[0.0, 0.0]]


def test_tsb_decays_after_the_last_sale_and_croston_does_not() -> None:
    sales = np.concatenate([np.tile([3.0, 0.0, 3.0], 20), np.zeros(90)])
    assert _fit(TSB(((0.1, 0.1),)), sales).forecast[0, 0] < 0.001
    assert _fit(CrostonSBA((0.1,)), sales).forecast[0, 0] > 1.5


def test_intermittent_models_choose_the_parameters_that_a_slow_search_finds() -> None:
    random = np.random.default_rng(2)
    rates = np.repeat(random.uniform(0.05, 0.9, (30, 3)), 40, axis=1)
    quantity = (random.random(rates.shape) < rates) * random.integers(1, 9, rates.shape).astype(float)
    history = History(quantity, np.arange(120))
    croston, tsb = (model.fit_forecast(history, 1).coefficients for model in (CrostonSBA(), TSB()))
    for row, series in enumerate(quantity):
        errors = [_croston_error(series, alpha) for alpha in CrostonSBA().alphas]
        assert croston["alpha"][row] == CrostonSBA().alphas[int(np.argmin(errors))]
        pair = TSB_ALPHAS[int(np.argmin([_tsb_error(series, *alphas) for alphas in TSB_ALPHAS]))]
        assert (tsb["alpha_size"][row], tsb["alpha_probability"][row]) == pair
    assert set(croston["alpha"]) == set(CrostonSBA().alphas)
    assert len(set(zip(tsb["alpha_size"], tsb["alpha_probability"], strict=True))) > 4


def _croston_error(series: np.ndarray, alpha: float) -> float:
    size, interval, since, total = series[series > 0].mean(), len(series) / (series > 0).sum(), 1, 0.0
    for day, value in enumerate(series):
        total += (value - (1 - alpha / 2) * size / interval) ** 2 if day >= 14 else 0.0
        if value > 0:
            size, interval, since = size + alpha * (value - size), interval + alpha * (since - interval), 1
        else:
            since += 1
    return total


def _tsb_error(series: np.ndarray, alpha_size: float, alpha_probability: float) -> float:
    size, probability, total = series[series > 0].mean(), (series > 0).mean(), 0.0
    for day, value in enumerate(series):
        total += (value - size * probability) ** 2 if day >= 14 else 0.0
        probability += alpha_probability * ((value > 0) - probability)
        size += alpha_size * (value - size) if value > 0 else 0.0
    return total
