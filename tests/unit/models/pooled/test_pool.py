from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pool, neutral_pool, pool_of
from lepton_spark.models.pooled.settings import PooledSettings


def _pool(n_cutoffs: int = 3) -> Pool:
    rng = np.random.default_rng(0)
    factors = {"year_weeks": rng.random((n_cutoffs, 2)), "public_days": rng.random((n_cutoffs, 3))}
    return Pool(rng.random((n_cutoffs, 7, 4)), rng.random(n_cutoffs), factors, settings=PooledSettings(20.0))


def test_pool_at_a_position_has_that_cutoff_only() -> None:
    pool = _pool()
    one = pool.at(1)
    np.testing.assert_array_equal(one.index, pool.index[1:2])
    np.testing.assert_array_equal(one.log_dispersion, pool.log_dispersion[1:2])
    assert one.factors.keys() == {"year_weeks", "public_days"}
    for name, learned in one.factors.items():
        np.testing.assert_array_equal(learned, pool.factors[name][1:2])
    assert one.settings == pool.settings


def test_pools_taken_apart_and_joined_are_the_same() -> None:
    pool = _pool()
    joined = Pool.joined([pool.at(position) for position in range(3)])
    np.testing.assert_array_equal(joined.index, pool.index)
    np.testing.assert_array_equal(joined.log_dispersion, pool.log_dispersion)
    for name, learned in pool.factors.items():
        np.testing.assert_array_equal(joined.factors[name], learned)
    assert joined.settings == pool.settings


def test_neutral_pool_has_equal_weekdays_poisson_dispersion_and_no_factors() -> None:
    pool = neutral_pool(2)
    assert pool.index.shape == (2, 7, 4)
    assert (pool.index == 1.0).all()
    assert pool.log_dispersion.tolist() == [0.0, 0.0]
    assert pool.day_factors(np.arange(6).reshape(2, 3)).tolist() == [[1.0] * 3] * 2


def test_day_factors_are_those_of_seasons_and_not_of_events() -> None:
    factors = {
        "year_weeks": np.array([[2.0, 3.0], [1.0, 5.0]]),  # by week ahead
        "public_days": np.array([[1.0, 10.0], [7.0, 1.0]]),  # by day ahead
    }
    days = 100 + np.arange(16).reshape(1, 16) * np.ones((2, 1), dtype=np.int64)
    found = replace(neutral_pool(2), factors=factors).day_factors(days)
    assert found[0].tolist() == [*[2.0] * 7, *[3.0] * 7, 1.0, 1.0]
    assert found[1].tolist() == [*[1.0] * 7, *[5.0] * 7, 1.0, 1.0]


@pytest.mark.parametrize(("column", "expected"), [(29, "last"), (25, None), (20, "first"), (19, None)])
def test_pool_of_a_history_is_that_of_its_own_cutoff(column: int, expected: str | None) -> None:
    pools = {"first": neutral_pool(), "last": neutral_pool()}
    by_day = {120: pools["first"], 129: pools["last"]}
    history = History(np.ones((2, 30)), np.arange(100, 130)).until(column)
    assert pool_of(by_day, history) is (None if expected is None else pools[expected])


def test_history_without_a_day_has_no_pool() -> None:
    assert pool_of({0: neutral_pool()}, History(np.ones((2, 0)), np.arange(0))) is None


CURVE = np.array([[[0.0, 1.0, 3.0], [0.2, 0.4, 1.4]]])


def test_dispersion_of_a_level_is_read_from_the_curve_and_its_straight_ends() -> None:
    pool = replace(_pool(1), dispersion_curve=CURVE)
    found = pool.log_dispersion_at(np.exp([0.5, 2.0, 5.0, -0.5, -9.0]))
    np.testing.assert_allclose(found, [0.3, 0.9, 1.4 + 2.0 * 0.5, 0.1, 0.0])


def test_curve_whose_last_point_is_repeated_is_extended_all_the_same() -> None:
    repeated = np.concatenate([CURVE, CURVE[:, :, -1:], CURVE[:, :, -1:]], axis=2)
    level = np.exp([0.5, 5.0, -0.5])
    whole, padded = (replace(_pool(1), dispersion_curve=curve) for curve in (CURVE, repeated))
    np.testing.assert_allclose(padded.log_dispersion_at(level), whole.log_dispersion_at(level))


def test_series_without_a_level_have_the_median_dispersion_and_so_have_all_without_a_curve() -> None:
    pool = _pool(1)
    assert pool.log_dispersion_at(np.array([0.0, 5.0])).tolist() == [pool.log_dispersion[0]] * 2
    with_curve = replace(pool, dispersion_curve=CURVE)
    assert with_curve.log_dispersion_at(np.array([0.0]))[0] == pool.log_dispersion[0]


def test_curves_are_taken_apart_and_joined_with_their_pools() -> None:
    pool = replace(_pool(2), dispersion_curve=np.concatenate([CURVE, CURVE + 1.0]))
    second = pool.at(1)
    assert second.dispersion_curve is not None
    np.testing.assert_array_equal(second.dispersion_curve, CURVE + 1.0)
    joined = Pool.joined([pool.at(0), second])
    assert joined.dispersion_curve is not None
    np.testing.assert_array_equal(joined.dispersion_curve, pool.dispersion_curve)
    assert Pool.joined([pool.at(0), _pool(1)]).dispersion_curve is None
