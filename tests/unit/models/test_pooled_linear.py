from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.batch import History
from lepton_spark.models.pooled_features import pooled_features
from lepton_spark.models.pooled_linear import (
    HALF_LIFE,
    LARGEST_COLUMN,
    LARGEST_RATIO,
    LEAST_OVER_LEVEL,
    PooledLinear,
    learn,
    over_forecast,
)
from lepton_spark.models.pooled_training import PooledSettings, training_rows
from lepton_spark.models.pooled_weeks import linear_columns, linear_ratio

N_ROWS, HORIZON = 4_000, 14


def _columns() -> np.ndarray:
    return np.random.default_rng(3).gamma(2.0, 0.5, (N_ROWS, 3))


def _same(value: float) -> np.ndarray:
    return np.full(N_ROWS, value)


def _history(n_series: int = 200, n_days: int = 210) -> History:
    """A week is expected to sell half of the week before and half of a level of its own."""
    rng = np.random.default_rng(8)
    level = rng.uniform(5.0, 20.0, n_series)
    weeks = np.empty((n_series, n_days // 7))
    weeks[:, 0] = level
    for week in range(1, n_days // 7):
        weeks[:, week] = rng.poisson(3.5 * (weeks[:, week - 1] + level)) / 7.0
    return History(np.repeat(weeks, 7, axis=1), 20_000 + np.arange(n_days))


def test_weights_are_found_again_drawn_a_little_to_none() -> None:
    columns, weights = _columns(), np.array([0.5, -0.2, 0.0])
    ratio = 1.0 + columns @ weights
    found = learn(columns, ratio, _same(1.0), np.zeros(N_ROWS, dtype=int)).weights
    np.testing.assert_allclose(found, weights, atol=0.03)
    assert found[0] < weights[0]


def test_a_week_that_is_as_the_weekday_forecast_says_teaches_no_weight() -> None:
    found = learn(_columns(), _same(1.0), _same(1.0), np.zeros(N_ROWS, dtype=int)).weights
    np.testing.assert_array_equal(found, np.zeros(3))


def test_a_cutoff_teaches_half_as_much_three_weeks_later() -> None:
    """Two rows alike but for what followed: the answer is their mean by weight."""
    columns = np.ones((2, 1))
    age = np.array([0, int(HALF_LIFE)])
    found = learn(columns, np.array([2.0, 5.0]), np.ones(2), age).weights
    assert found[0] == pytest.approx((2.0 * 1.0 + 1.0 * 4.0) / 3.0, rel=0.02)


def test_a_column_of_nought_gets_no_weight() -> None:
    columns = np.hstack([_columns(), np.zeros((N_ROWS, 1))])
    assert learn(columns, 1.0 + columns[:, 0], _same(1.0), np.zeros(N_ROWS, dtype=int)).weights[3] == 0.0


def test_averages_stand_over_the_forecast_and_never_far_above_it() -> None:
    averages = np.array([[2.0, 1e6]])
    over = over_forecast(averages, np.array([[0.5, 0.0]]))
    np.testing.assert_allclose(over[0, 0], [4.0, LARGEST_COLUMN, 2.0])
    np.testing.assert_allclose(over[0, 1], [2.0 / LEAST_OVER_LEVEL, LARGEST_COLUMN, 1.0 / LEAST_OVER_LEVEL])


def test_the_regression_learns_how_much_the_last_week_is_worth() -> None:
    history = _history()
    rows = training_rows(history, HORIZON, PooledSettings())
    assert rows is not None
    features = pooled_features(history, np.array([history.n_days - 1]), HORIZON)
    level = history.quantity[:, ::7].mean(axis=1)
    expected = (history.quantity[:, -1] + level) / 2.0

    def missed(linear: PooledLinear | None) -> float:
        mean = features.shrunk[:, 0, 0] * linear_ratio(features, linear)[:, 0, 0]
        return float(np.mean((mean - expected) ** 2))

    assert missed(rows.linear()) < 0.7 * missed(None)


def test_the_ratio_is_what_is_learnt_from_weighed() -> None:
    """What a week is told while learning is what it is told when asked, but for the bounds."""
    history = _history(20)
    features = pooled_features(history, np.array([150, 209]), HORIZON)
    columns = linear_columns(features)
    weights = np.random.default_rng(5).normal(0.0, 0.02, columns.shape[3])
    asked = linear_ratio(features, PooledLinear(weights))
    np.testing.assert_allclose(asked[..., ::7], 1.0 + columns @ weights, rtol=1e-9)
    np.testing.assert_array_equal(asked[..., :7], np.repeat(asked[..., :1], 7, axis=3 - 1))
    assert (linear_ratio(features, PooledLinear(weights - 100.0)) == 0.0).all()
    assert (linear_ratio(features, PooledLinear(weights + 100.0)) == LARGEST_RATIO).all()


def test_plans_are_read_day_by_day() -> None:
    history = _history(20)
    planned = np.zeros((20, 210 + HORIZON, 1))
    planned[3, 210 + 2] = 1.0
    features = pooled_features(replace(history, regressors=planned), np.array([209]), HORIZON)
    columns = linear_columns(features)
    weights = np.zeros(columns.shape[3])
    weights[-3] = 2.0  # of what is planned for the day itself; the others are of late and beyond usual
    ratio = linear_ratio(features, PooledLinear(weights))[:, 0]
    assert ratio[3, 2] == 3.0
    assert np.count_nonzero(ratio != 1.0) == 1
    assert columns[3, 0, 0, -3] == pytest.approx(1.0 / 7.0)  # a week is told the mean of its days


def test_rows_to_learn_from_know_how_old_they_are() -> None:
    history = _history(20)
    rows = training_rows(history, HORIZON, PooledSettings(n_cutoffs=3))
    assert rows is not None
    assert rows.age.tolist() == [7, 14, 21]
    told = rows.told()
    assert told[:, 0].tolist() == [[True, False]] * 20  # of the latest cutoff one week is known
    assert told[:, 1:].all()


def test_one_absurd_week_does_not_bend_the_regression() -> None:
    plain, absurd = _history(), _history()
    absurd.quantity[0, -7:] = 1e6
    settings = PooledSettings()
    with_it, without = (training_rows(history, HORIZON, settings) for history in (absurd, plain))
    assert with_it is not None
    assert without is not None
    np.testing.assert_allclose(with_it.linear().weights, without.linear().weights, atol=0.1)


def test_the_many_that_hardly_sell_do_not_make_the_weights() -> None:
    """What is left of their sales dies away, which says nothing of those that sell each day."""
    plain = _history(100)
    rare = np.zeros((3_000, 210))
    rare[np.arange(3_000), np.random.default_rng(2).integers(0, 210, 3_000)] = 1.0
    crowd = History(np.vstack([plain.quantity, rare]), plain.days)
    features = pooled_features(plain, np.array([209]), HORIZON)
    mean = []
    for history in (plain, crowd):
        rows = training_rows(history, HORIZON, PooledSettings())
        assert rows is not None
        mean.append((features.shrunk * linear_ratio(features, rows.linear())).sum())
    assert mean[1] == pytest.approx(mean[0], rel=0.02)
