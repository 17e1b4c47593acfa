"""Properties of the smoothing models beyond those of every model, and the parts they share."""

import numpy as np
import pytest

from lepton_spark.models.data.forecaster import Forecaster
from lepton_spark.models.data.history import History
from lepton_spark.models.local.exponential_smoothing import ExponentialSmoothing
from lepton_spark.models.local.intermittent import TSB, CrostonSBA
from lepton_spark.models.local.smoothing_grid import best_row, scaled_days
from lepton_spark.models.local.theta import Theta

NAN = np.nan
MODELS: tuple[Forecaster, ...] = (ExponentialSmoothing(), Theta(), CrostonSBA(), TSB())
LARGEST, SMALLEST = np.finfo(np.float64).max, 5e-324

every_smoothing_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


def _history(quantity: np.ndarray) -> History:
    return History(quantity, np.arange(19_000, 19_000 + quantity.shape[1]))


def _sales(n_series: int, n_days: int) -> np.ndarray:
    random = np.random.default_rng(7)
    quantity = random.poisson(random.gamma(0.5, 6.0, (n_series, 1)) * np.ones(n_days)) * 0.1
    quantity[random.random(quantity.shape) < 0.1] = NAN
    quantity[1, : n_days // 2] = NAN
    return quantity


@every_smoothing_model
@pytest.mark.parametrize("n_days", [1, 5, 8, 23, 200])
def test_smoothing_gives_the_same_bits_in_every_batch(model: Forecaster, n_days: int) -> None:
    quantity = _sales(21, n_days)
    together = model.fit_forecast(_history(quantity), 9)
    columns_first = model.fit_forecast(_history(np.asfortranarray(quantity)), 9)
    np.testing.assert_array_equal(columns_first.forecast, together.forecast)
    for row in range(len(quantity)):
        alone = model.fit_forecast(_history(quantity[row : row + 1]), 9)
        np.testing.assert_array_equal(alone.forecast[0], together.forecast[row])
        for name, values in alone.coefficients.items():
            np.testing.assert_array_equal(values[0], together.coefficients[name][row])


@every_smoothing_model
@pytest.mark.parametrize(
    "extreme", [LARGEST, -LARGEST, SMALLEST], ids=["largest", "most negative", "smallest"]
)
@pytest.mark.parametrize("n_days", [4, 40])
def test_smoothing_is_finite_on_extreme_days(model: Forecaster, extreme: float, n_days: int) -> None:
    quantity = np.ones((4, n_days))
    quantity[0] = extreme
    quantity[1, ::2] = extreme
    quantity[2, -2:] = extreme
    quantity[3] = np.where(np.arange(n_days) % 7 < 2, extreme, 0.0)
    fit = model.fit_forecast(_history(quantity), 400)
    assert np.isfinite(fit.forecast).all()
    assert all(np.isfinite(values).all() for values in fit.coefficients.values())


@every_smoothing_model
def test_smoothing_gives_a_nan_row_for_an_infinite_day_and_fits_the_others(model: Forecaster) -> None:
    quantity = np.tile(np.arange(30.0), (3, 1))
    quantity[0, 3], quantity[1, 4] = np.inf, -np.inf
    fit = model.fit_forecast(_history(quantity), 2)
    assert np.isfinite(fit.forecast).all(axis=1).tolist() == [False, False, True]
    for values in (*fit.forecast.T, *fit.coefficients.values()):
        assert np.isnan(values).tolist() == [True, True, False]


@every_smoothing_model
def test_smoothing_of_a_history_that_only_initialises_it_uses_the_first_alpha(
    model: Forecaster,
) -> None:
    sales = np.where(np.arange(15) % 2 == 0, 8.0, 0.0)[np.newaxis]
    sales[0, -1] = 1000.0
    first = {"ExponentialSmoothing": "alpha", "Theta": "alpha", "CrostonSBA": "alpha", "TSB": "alpha_size"}
    name = first[type(model).__name__]
    assert model.fit_forecast(_history(sales[:, :14]), 1).coefficients[name].tolist() == [0.1]


def test_scaled_days_are_divided_by_a_power_of_two_and_scored_after_fourteen_known_days() -> None:
    days = scaled_days(_history(np.array([[NAN, 12.0, NAN, *[4.0] * 14]])))
    assert days.exponent.tolist() == [4]  # 12 = 0.75 * 2^4
    assert days.value[:, 0].tolist() == [0.0, 0.75, 0.0, *[0.25] * 14]
    assert days.scored[:, 0].tolist() == [0.0] * 16 + [1.0]
    assert days.size.tolist() == [0.0625]
    np.testing.assert_allclose(days.start, (0.75 + 13 * 0.25) / 14)


def test_best_row_is_the_first_of_equal_errors() -> None:
    error = np.array([[3.0, 1.0 + 1e-13, 0.0], [2.0, 1.0, 0.0], [2.0, 4.0, 0.0]])
    assert best_row(error, np.ones(3)).tolist() == [1, 0, 0]
