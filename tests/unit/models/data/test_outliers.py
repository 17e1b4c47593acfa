import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers

NAN = np.nan
STEADY = np.array([4.0, 6.0] * 20)
"""Mean 5 and standard deviation 1, at least half the mean: the cap is 5 + 8 x 2.5 = 25."""


def test_outlier_is_capped_at_eight_standard_deviations_above_the_earlier_sales() -> None:
    quantity = np.array([[*STEADY, 1e12, 5.0]])
    damped = damp_outliers(quantity)
    assert damped[0, 40] == 25.0
    np.testing.assert_array_equal(np.delete(damped, 40), np.delete(quantity, 40))
    assert damp_outliers(np.array([[*STEADY, 25.5]]))[0, 40] == 25.0


def test_spread_of_the_sales_counts_where_it_is_above_half_their_mean() -> None:
    uneven = np.array([[1.0, 19.0] * 20 + [1e6]])  # mean 10, standard deviation 9
    assert damp_outliers(uneven)[0, 40] == pytest.approx(82.0)


def test_days_without_a_sale_do_not_enter_the_cap() -> None:
    quantity = np.array([[*STEADY, *[0.0] * 30, NAN, 1e6]])
    assert damp_outliers(quantity)[0, -1] == 25.0


def test_damping_does_not_look_ahead() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (5, 120)) * rng.choice(
        [1.0, 1.0, 1.0, 300.0], (5, 120), p=[0.4, 0.3, 0.28, 0.02]
    )
    assert (damp_outliers(quantity) != quantity).any()
    np.testing.assert_array_equal(damp_outliers(quantity)[:, :70], damp_outliers(quantity[:, :70]))


def test_lasting_growth_raises_the_cap() -> None:
    damped = damp_outliers(np.array([[*STEADY, *[100.0] * 40]]))[0]
    assert damped[40] == 25.0
    assert damped[-1] == 100.0


def test_fewer_than_eight_sales_cap_nothing() -> None:
    seven, eight = np.array([[*[1.0] * 7, 1e6]]), np.array([[*[1.0] * 8, 1e6]])
    np.testing.assert_array_equal(damp_outliers(seven), seven)
    assert damp_outliers(eight)[0, 8] == 5.0  # 1 + 8 x 0.5


def test_unknown_days_stay_unknown_and_promoted_days_are_not_capped() -> None:
    quantity = np.array([[*STEADY, NAN, 1e6]])
    planned = np.zeros((1, 42 + 28, 2))
    planned[0, 41, 1] = 0.2
    np.testing.assert_array_equal(damp_outliers(quantity, planned), quantity)
    assert damp_outliers(quantity)[0, 41] == 25.0


def test_parts_of_a_history_keep_the_damped_quantity() -> None:
    quantity = np.array([[*STEADY, *STEADY], [*STEADY, 1e9, *STEADY[1:]]])
    history = History(quantity, np.arange(80), damped=damp_outliers(quantity))
    assert history.filled[1, 40] == 1e9
    assert history.until(50).filled_damped[1, 40] == 25.0
    assert history.select(np.array([1])).filled_damped[0, 40] == 25.0


def test_outliers_of_many_series_are_damped_as_day_by_day() -> None:
    """Several outliers in one series: a damped one no longer hides the next."""
    rng = np.random.default_rng(5)
    size = rng.choice([1.0, 40.0, 4e4], (60, 200), p=[0.95, 0.04, 0.01])
    quantity = rng.poisson(1.5, (60, 200)) * size
    quantity[rng.random(quantity.shape) < 0.1] = NAN
    planned = (rng.random((60, 228, 1)) < 0.3).astype(float)
    expected = quantity.copy()
    for row in range(60):
        sales: list[float] = []
        for day in np.flatnonzero(quantity[row] > 0):
            if len(sales) >= 8 and planned[row, day, 0] == 0:
                cap = np.mean(sales) + 8.0 * max(np.std(sales), 0.5 * np.mean(sales))
                expected[row, day] = min(quantity[row, day], cap)
            sales.append(expected[row, day])
    assert np.count_nonzero(expected < quantity, axis=1).max() > 3
    np.testing.assert_allclose(damp_outliers(quantity, planned), expected, rtol=1e-9)
