import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.plan_features import (
    LARGEST_OWN,
    OWN_HALF_LIFE,
    OWN_UNITS,
    own_uplift,
    plan_features,
)

N_DAYS, HORIZON = 70, 14


def _history(quantity: np.ndarray, planned: np.ndarray) -> History:
    return History(quantity, 20_000 + np.arange(quantity.shape[1]), planned)


def _promoted(n_series: int = 1, every: int = 5) -> np.ndarray:
    planned = np.zeros((n_series, N_DAYS + HORIZON, 1))
    planned[:, ::every] = 1.0
    return planned


def _selling(planned: np.ndarray, usual: float, times: float) -> np.ndarray:
    sold: np.ndarray = usual * (1.0 + (times - 1.0) * planned[:, :N_DAYS, 0])
    return sold


def test_own_uplift_is_what_was_sold_over_what_was_expected_drawn_to_nothing() -> None:
    planned = _promoted()
    history = _history(_selling(planned, 2.0, 3.0), planned)
    found = own_uplift(history, np.array([N_DAYS - 1]))
    weeks = (N_DAYS - 1 - np.arange(0, N_DAYS, 5)) // 7 * 7
    expected = 2.0 * (0.5 ** (weeks / OWN_HALF_LIFE)).sum()
    assert found[0, 0, 0] == pytest.approx((3.0 * expected + OWN_UNITS) / (expected + OWN_UNITS) - 1.0)


def test_own_uplift_of_what_was_never_promoted_or_never_sold_without_is_none() -> None:
    planned = np.concatenate(
        [np.zeros((1, N_DAYS + HORIZON, 1)), np.ones((1, N_DAYS + HORIZON, 1)), _promoted()]
    )
    quantity = np.full((3, N_DAYS), 4.0)
    quantity[2] = 9.0 * planned[2, :N_DAYS, 0]
    found = own_uplift(_history(quantity, planned), np.array([N_DAYS - 1]))
    np.testing.assert_allclose(found, 0.0, atol=1e-12)


def test_own_uplift_is_bounded_and_heeds_unknown_days() -> None:
    planned = _promoted(2)
    quantity = _selling(planned, 20.0, 50.0)
    quantity[1, ::5] = np.nan
    found = own_uplift(_history(quantity, planned), np.array([N_DAYS - 1]))[:, 0, 0]
    assert found.tolist() == [LARGEST_OWN, 0.0]


def test_own_uplift_sees_no_day_after_the_cutoff() -> None:
    planned = _promoted(3, every=4)
    quantity = np.random.default_rng(1).poisson(5.0, (3, N_DAYS)).astype(float)
    early, late = np.array([40]), np.array([40, N_DAYS - 1])
    changed, other = quantity.copy(), planned.copy()
    changed[:, 41:] += 50.0
    other[:, 41:] = 1.0
    before = own_uplift(_history(quantity, planned), late)
    np.testing.assert_allclose(own_uplift(_history(changed, other), late)[:, 0], before[:, 0])
    np.testing.assert_allclose(own_uplift(_history(quantity, planned), early)[:, 0], before[:, 0])
    assert (own_uplift(_history(changed, planned), late)[:, 1] != before[:, 1]).all()


def test_a_day_ahead_is_told_by_itself_against_what_is_usual_and_by_the_products_own_past() -> None:
    planned = _promoted(2)
    quantity = _selling(planned, 20.0, 3.0)
    quantity[1] = 20.0
    history, cutoffs = _history(quantity, planned), np.array([20, N_DAYS - 1])
    told, own = plan_features(history, cutoffs, HORIZON)[:, 1], own_uplift(history, cutoffs)[:, 1]
    assert told.shape == (2, HORIZON, 4)
    ahead = planned[:, N_DAYS:, 0]
    np.testing.assert_array_equal(told[..., 0], ahead)
    np.testing.assert_allclose(told[..., 1], 5.0 / 28.0)
    np.testing.assert_allclose(told[..., 2], ahead - 14.0 / N_DAYS)
    np.testing.assert_allclose(told[..., 3], told[..., 2] * own)
    assert own[0, 0] > 1.0
    assert own[1, 0] == pytest.approx(0.0)


def test_nothing_is_told_where_nothing_is_planned() -> None:
    history = History(np.ones((2, N_DAYS)), 20_000 + np.arange(N_DAYS))
    assert plan_features(history, np.array([30, 60]), HORIZON).shape == (2, 2, HORIZON, 0)
    assert own_uplift(history, np.array([30])).shape == (2, 1, 0)
