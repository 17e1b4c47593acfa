import numpy as np
from sklearn.neural_network import MLPRegressor

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.local.linear import LinearCoefficients, LinearRegression, fit_line

X = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
Y = np.array([1.5, 3.0, 4.5, 6.0, 7.5])


def _fit(quantity: list[list[float]], horizon: int = 1) -> Fit:
    values = np.array(quantity)
    return LinearRegression().fit_forecast(History(values, np.arange(values.shape[1])), horizon)


def test_line_through_five_points_is_exact() -> None:
    line = fit_line(X, Y)
    assert (line.b0, line.b1) == (0.0, 1.5)
    assert np.sum((line.predict(X) - Y) ** 2) == 0.0


def test_gradient_descent_finds_the_same_line() -> None:
    network = MLPRegressor(
        hidden_layer_sizes=(), solver="adam", alpha=0.0, learning_rate_init=0.05, max_iter=5000, tol=1e-12,
        n_iter_no_change=500, random_state=0,
    )  # fmt: skip
    network.fit(X[:, np.newaxis], Y)
    line = fit_line(X, Y)
    assert abs(network.coefs_[0][0, 0] - line.b1) < 1e-3
    assert abs(network.intercepts_[0][0] - line.b0) < 1e-3
    assert np.mean((network.predict(X[:, np.newaxis]) - Y) ** 2) < 1e-3


def test_line_predicts_from_given_coefficients() -> None:
    assert LinearCoefficients(50.0, 1.5).predict(X).tolist() == [51.5, 53.0, 54.5, 56.0, 57.5]


def test_linear_regression_continues_three_days() -> None:
    assert _fit([[150.0, 200.0, 250.0]]).forecast.tolist() == [[300.0]]


def test_linear_regression_counts_x_from_the_first_known_day() -> None:
    fit = _fit([[np.nan, np.nan, 150.0, np.nan, 250.0]], horizon=2)
    np.testing.assert_allclose(fit.forecast, [[300.0, 350.0]])
    np.testing.assert_allclose([fit.coefficients["b0"][0], fit.coefficients["b1"][0]], [100.0, 50.0])


def test_linear_regression_needs_two_known_days() -> None:
    forecast = _fit([[np.nan, 5.0], [1.0, 2.0]]).forecast
    assert np.isnan(forecast[0]).all()
    assert forecast[1].tolist() == [3.0]
