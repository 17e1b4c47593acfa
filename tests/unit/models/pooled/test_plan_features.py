from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.features.plans import own_uplift, plan_features

N_DAYS, HORIZON = 70, 14
LAST = np.array([N_DAYS - 1])


def _history(quantity: np.ndarray, planned: np.ndarray) -> History:
    return History(quantity, 20_000 + np.arange(quantity.shape[1]), planned)


def _promoted(n_series: int = 1, every: int = 5) -> np.ndarray:
    planned = np.zeros((n_series, N_DAYS + HORIZON, 1))
    planned[:, ::every] = 1.0
    return planned


def _sales(planned: np.ndarray, usual: float, times: float) -> np.ndarray:
    sales: np.ndarray = usual * (1.0 + (times - 1.0) * planned[:, :N_DAYS, 0])
    return sales


def test_own_uplift_is_units_over_those_expected_shrunk_to_zero() -> None:
    planned = _promoted()
    found = own_uplift(_history(_sales(planned, 2.0, 3.0), planned), LAST)
    whole_weeks = (N_DAYS - 1 - np.arange(0, N_DAYS, 5)) // 7 * 7
    expected = 2.0 * (0.5 ** (whole_weeks / 364.0)).sum()
    # the prior is worth 10 units without an effect
    assert found[0, 0, 0] == pytest.approx((3.0 * expected + 10.0) / (expected + 10.0) - 1.0)


def test_own_uplift_of_half_a_measure_counts_half_of_the_day() -> None:
    """Two days under half a measure and two under none, all in one week."""
    planned = np.array([0.5, 0.5, 0.0, 0.0])[np.newaxis, :, np.newaxis]
    found = own_uplift(_history(np.array([[60.0, 60.0, 30.0, 30.0]]), planned), np.array([3]))
    # ordinary: (30 + 30 + 30 + 30) / 3 days = 40 a day; promoted: 60 units on 1 day
    assert found[0, 0, 0] == pytest.approx((60.0 + 10.0) / (40.0 + 10.0) - 1.0)


def test_own_uplift_is_zero_without_a_promotion_or_without_other_sales() -> None:
    none, always, every_fifth = np.zeros((1, 84, 1)), np.ones((1, 84, 1)), _promoted()
    planned = np.concatenate([none, always, every_fifth])
    quantity = np.full((3, N_DAYS), 4.0)
    quantity[2] = 9.0 * planned[2, :N_DAYS, 0]
    np.testing.assert_allclose(own_uplift(_history(quantity, planned), LAST), 0.0, atol=1e-12)


def test_own_uplift_is_at_most_four_and_ignores_unknown_days() -> None:
    planned = _promoted(2)
    quantity = _sales(planned, 20.0, 50.0)
    quantity[1, ::5] = np.nan
    assert own_uplift(_history(quantity, planned), LAST)[:, 0, 0].tolist() == [4.0, 0.0]


def test_own_uplift_is_not_changed_by_days_after_the_cutoff() -> None:
    planned = _promoted(3, every=4)
    quantity = np.random.default_rng(1).poisson(5.0, (3, N_DAYS)).astype(float)
    early, both = np.array([40]), np.array([40, N_DAYS - 1])
    changed, replanned = quantity.copy(), planned.copy()
    changed[:, 41:] += 50.0
    replanned[:, 41:] = 1.0
    before = own_uplift(_history(quantity, planned), both)
    np.testing.assert_allclose(own_uplift(_history(changed, replanned), both)[:, 0], before[:, 0])
    np.testing.assert_allclose(own_uplift(_history(quantity, planned), early)[:, 0], before[:, 0])
    assert (own_uplift(_history(changed, planned), both)[:, 1] != before[:, 1]).all()


def test_plan_features_are_the_day_the_recent_mean_its_difference_and_the_own_uplift() -> None:
    planned = _promoted(2)
    quantity = _sales(planned, 20.0, 3.0)
    quantity[1] = 20.0
    history, cutoffs = _history(quantity, planned), np.array([20, N_DAYS - 1])
    found, uplift = plan_features(history, cutoffs, HORIZON)[:, 1], own_uplift(history, cutoffs)[:, 1]
    assert found.shape == (2, HORIZON, 4)
    ahead = planned[:, N_DAYS:, 0]
    np.testing.assert_array_equal(found[..., 0], ahead)
    np.testing.assert_allclose(found[..., 1], 5.0 / 28.0)  # of the last 28 days five were promoted
    np.testing.assert_allclose(found[..., 2], ahead - 14.0 / N_DAYS)  # the usual mean, of fewer than 112 days
    np.testing.assert_allclose(found[..., 3], found[..., 2] * uplift)
    assert uplift[0, 0] > 1.0
    assert uplift[1, 0] == pytest.approx(0.0)


def test_plan_features_of_two_measures_keep_them_apart() -> None:
    planned = np.concatenate([_promoted(), np.zeros((1, N_DAYS + HORIZON, 1))], axis=2)
    history = _history(np.full((1, N_DAYS), 4.0), planned)
    found = plan_features(history, LAST, HORIZON)
    assert found.shape == (1, 1, HORIZON, 8)
    np.testing.assert_array_equal(found[0, 0, :, :2], planned[0, N_DAYS:])
    assert (found[..., 1::2] == 0.0).all()


def test_plan_features_of_weekly_columns_average_over_as_many_days() -> None:
    planned = np.zeros((1, 40, 1))
    planned[0, [20, 37]] = 1.0
    weeks = History(np.ones((1, 38)), 7 * np.arange(38), planned, period=7)
    found = plan_features(weeks, np.array([37]), 2)[0, 0, 0]
    np.testing.assert_allclose(found[1:3], [1 / 4, -1 / 16])  # of 28 days 4 columns, of 112 days 16


def test_plan_features_are_empty_without_plans() -> None:
    history = History(np.ones((2, N_DAYS)), 20_000 + np.arange(N_DAYS))
    assert plan_features(history, np.array([30, 60]), HORIZON).shape == (2, 2, HORIZON, 0)
    assert own_uplift(history, np.array([30])).shape == (2, 1, 0)


@pytest.mark.parametrize("period", [1, 7])
def test_plan_features_of_a_past_cutoff_are_of_the_plans_known_then(period: int) -> None:
    first = 19_000
    days = first + period * np.arange(40)
    one = np.array([0])
    plan = Plans(1, one, days[30:31], days[30:31] + period - 1, days[25:26], np.ones((1, 1)), 10)
    history = History(np.ones((1, 40)), days + period - 1, plans=plan, period=period)
    history = replace(history, regressors=plan.by_day(history.days, period))
    planned = plan_features(history, np.array([23, 25, 39]), 10)[0, :, :, 0]
    assert planned[0].tolist() == [0.0] * 10  # not known yet
    assert planned[1].tolist() == [0.0] * 4 + [1.0] + [0.0] * 5
    assert planned[2].tolist() == [0.0] * 10
