from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features import pooled_features
from lepton_spark.models.pooled.linear import (
    HALF_LIFE,
    LARGEST_COLUMN,
    LARGEST_RATIO,
    LEAST_OVER_LEVEL,
    PooledLinear,
    learn,
    over_forecast,
)
from lepton_spark.models.pooled.training import (
    PickedRows,
    PooledSettings,
    TrainingRows,
    train,
    training_rows,
)
from lepton_spark.models.pooled.weeks import linear_columns, linear_ratio

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


def _rows(history: History, **settings: int) -> TrainingRows:
    rows = training_rows(history, HORIZON, PooledSettings(**settings))
    assert rows is not None
    return rows


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
    averages = np.array([[0.04, 1e6]])
    over = over_forecast(averages, np.array([[0.5, 0.0]]))
    np.testing.assert_allclose(over[0, 0], [0.08, LARGEST_COLUMN, min(2.0, LARGEST_COLUMN)])
    np.testing.assert_allclose(over[0, 1], [0.04 / LEAST_OVER_LEVEL, LARGEST_COLUMN, LARGEST_COLUMN])


def test_the_regression_learns_how_much_the_last_week_is_worth() -> None:
    history = _history()
    features = pooled_features(history, np.array([history.n_days - 1]), HORIZON)
    level = history.quantity[:, ::7].mean(axis=1)
    expected = (history.quantity[:, -1] + level) / 2.0

    def missed(linear: PooledLinear | None) -> float:
        mean = features.shrunk[:, 0, 0] * linear_ratio(features, linear)[:, 0, 0]
        return float(np.mean((mean - expected) ** 2))

    assert missed(_rows(history).linear()) < 0.7 * missed(None)


def test_the_ratio_is_what_is_learnt_from_weighed() -> None:
    """What a week is told while learning is what it is told when asked, but for the bounds."""
    history = _history(20, 504)  # long enough for a last year
    features = pooled_features(history, np.array([460, 503]), HORIZON)
    assert (features.last_year != 0.0).any()
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
    weights[-4:] = 2.0, 5.0, -0.5, 9.0  # of the day itself, of late, beyond usual, by a past that has none
    ratio = linear_ratio(features, PooledLinear(weights))[:, 0]
    assert ratio[3, 2] == 1.0 + 2.0 - 0.5
    assert np.count_nonzero(ratio != 1.0) == 1
    assert columns[3, 0, 0, -4] == pytest.approx(1.0 / 7.0)  # a week is told the mean of its days


@pytest.mark.parametrize("period", [1, 7])
def test_rows_to_learn_from_know_how_old_they_are(period: int) -> None:
    rows = _rows(replace(_history(20), period=period), n_cutoffs=3)
    assert rows.age[:3].tolist() == [7, 14, 21]


def test_weeks_without_a_known_day_teach_nothing() -> None:
    rows = _rows(_history(20), n_cutoffs=3)
    told = rows.told()
    assert told[:, 0].tolist() == [[True, False]] * 20  # of the latest cutoff one week is known
    assert told[:, 1:].all()


def test_what_is_long_ago_hardly_teaches() -> None:
    rows = _rows(_history(40), n_cutoffs=4)
    latest = rows.target.copy()
    latest[:, 1:] = np.nan
    last_only = replace(rows, target=latest).linear().weights
    aged = replace(rows, age=np.array([7, 900, 900, 900])).linear().weights
    np.testing.assert_allclose(aged, last_only, atol=2e-3)  # the heaviest weight differs
    assert np.abs(rows.linear().weights - last_only).max() > 0.01


def test_the_median_is_learnt_over_what_the_regression_says() -> None:
    history, asked = _history(90), []
    days = TrainingRows.days

    def noting(self: TrainingRows, mean: np.ndarray, n_rows: int, seed: int) -> PickedRows:
        asked.append((self.features, mean))
        return days(self, mean, n_rows, seed)

    with patch.object(TrainingRows, "days", noting):
        trained = train(history, HORIZON, PooledSettings(n_bags=1))
    assert trained is not None
    ((features, mean),) = asked
    np.testing.assert_array_equal(mean, features.shrunk * linear_ratio(features, trained.linear))


def test_an_absurd_week_teaches_the_regression_nothing() -> None:
    """Whatever came after a cutoff: as if it were unknown. A high week is learnt from."""
    rows, weights = _rows(_history()), {}
    for units in (np.nan, 30.0, 1e6):
        rows.target[0, 0, :7] = units
        weights[units] = rows.linear().weights
    unknown, high, absurd = weights.values()
    np.testing.assert_array_equal(absurd, unknown)
    assert 0.0 < np.abs(high - unknown).max() < 0.01


def test_the_many_that_hardly_sell_do_not_make_the_weights() -> None:
    """Their sales ended, which says nothing of those that sell each day."""
    plain = _history(60)
    rare = np.random.default_rng(2).poisson(0.15, (3_000, 210)).astype(float)
    rare[:, 150:] = 0.0
    crowd = History(np.vstack([plain.quantity, rare]), plain.days)
    features = pooled_features(plain, np.array([209]), HORIZON)
    learnt = [_rows(history).linear() for history in (plain, crowd)]
    mean = [(features.shrunk * linear_ratio(features, linear)).sum() for linear in learnt]
    assert mean[1] == pytest.approx(mean[0], rel=0.005)


def test_a_series_without_finite_averages_teaches_nothing() -> None:
    history = _history(40)
    negative = History(np.vstack([history.quantity, -history.quantity[:1]]), history.days)
    with np.errstate(invalid="ignore"):
        with_it, without = _rows(negative), _rows(history)
        assert np.isnan(linear_columns(with_it.features)).any()
        weights = with_it.linear().weights
    assert np.isfinite(weights).all()
    assert np.isfinite(without.linear().weights).all()


def test_a_column_that_hardly_ever_says_anything_gets_hardly_any_weight() -> None:
    columns = np.hstack([_columns(), np.zeros((N_ROWS, 1))])
    columns[0, 3] = 0.01  # one row, by which its ratio of 5 is explained
    ratio = _same(1.0)
    ratio[0] = 5.0
    assert abs(learn(columns, ratio, _same(1.0), np.zeros(N_ROWS, dtype=int)).weights[3]) < 0.5
