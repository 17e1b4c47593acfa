from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.shrunk_weekday import pool_at, profiles
from lepton_spark.models.pooled.training import PooledSettings, train

FIRST = 20_000


def _plans(rows: list[tuple[int, int, int, int, float]], n_series: int = 2, horizon: int = 3) -> Plans:
    """Rows of series, first day, last day and known day after `FIRST`, and a measure."""
    table = np.array(rows, dtype=float).reshape(-1, 5)
    series, first, last, known = table[:, :4].astype(np.int64).T
    return Plans(n_series, series, FIRST + first, FIRST + last, FIRST + known, table[:, 4:], horizon)


def _days(n_days: int) -> np.ndarray:
    return FIRST + np.arange(n_days)


def test_plans_are_laid_out_on_their_days_and_into_the_horizon() -> None:
    planned = _plans([(0, 1, 2, -9, 0.5), (1, 4, 99, -9, 1.0), (1, -5, 0, -9, 0.25)]).by_day(_days(5))
    assert planned.shape == (2, 8, 1)
    assert planned[0, :, 0].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0, 0]
    assert planned[1, :, 0].tolist() == [0.25, 0, 0, 0, 1, 1, 1, 1]


def test_a_plan_counts_from_the_day_it_was_known_on() -> None:
    plans = _plans([(0, 6, 7, 5, 1.0)], n_series=1)
    assert plans.by_day(_days(5)).sum() == 0.0  # the cutoff is day 4
    assert plans.by_day(_days(6))[0, :, 0].tolist() == [0] * 6 + [1, 1, 0]
    history = History(np.ones((1, 6)), _days(6), plans.by_day(_days(6)), plans=plans)
    before = history.until(4)
    assert before.regressors is not None
    assert before.regressors.shape == (1, 8, 1)
    assert before.regressors.sum() == 0.0


def test_of_several_plans_the_one_known_last_counts_then_the_largest() -> None:
    rows = [(0, 0, 2, 1, 0.9), (0, 1, 1, 2, 0.3), (0, 2, 2, 1, 0.2)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        planned = _plans([rows[place] for place in order], n_series=1).by_day(_days(3))
        assert planned[0, :3, 0].tolist() == [0.9, 0.3, 0.9]


def test_a_promotion_told_late_is_an_outlier_to_cutoffs_before_that() -> None:
    quantity = np.full((1, 60), 10.0)
    quantity[0, 40] = 900.0
    plans = _plans([(0, 40, 40, 50, 1.0)], n_series=1)
    planned = plans.by_day(_days(60))
    late = History(quantity, _days(60), planned, damped=damped(quantity, planned), plans=plans)
    assert late.calm[0, 40] == 900.0
    assert late.until(50).calm[0, 40] == 900.0
    assert late.until(49).calm[0, 40] == 50.0  # ten and eight times the least spread, half of it
    levels = profiles(late.until(49), np.array([49])).level[0, 0], profiles(late, np.array([49])).level[0, 0]
    assert (levels[0] < levels[1]).all()
    both, mid = np.array([49, 59]), np.array([49])
    dispersion = pool_at(late, both).log_dispersion
    assert dispersion[0] == pool_at(late.until(49), mid).log_dispersion[0] < dispersion[1]


def test_select_keeps_the_plans_of_its_rows_in_their_order() -> None:
    plans = _plans([(0, 0, 0, 0, 0.1), (1, 0, 0, 0, 0.2), (2, 0, 0, 0, 0.3)], n_series=3)
    for rows in (np.array([2, 0]), np.array([True, False, True])):
        expected = [0.3, 0.1] if rows.dtype != np.bool_ else [0.1, 0.3]
        assert plans.select(rows).by_day(_days(1))[:, 0, 0].tolist() == expected


def _promoted_shop(times: np.ndarray) -> tuple[History, np.ndarray]:
    """Products that sell 3 a day, every fifth week so many times [S] as much; a next one is known ahead.

    The history, with what is learnt from it, and which of the two weeks ahead are promoted, [S, 2].
    """
    rng = np.random.default_rng(0)
    n_series, n_weeks = len(times), 40
    week = np.arange(n_weeks + 2)
    promoted = (week[np.newaxis] + np.arange(n_series)[:, np.newaxis]) % 5 == 0  # [S, W]
    rate = np.where(promoted, 3.0 * times[:, np.newaxis], 3.0)
    quantity = rng.poisson(np.repeat(rate[:, :n_weeks], 7, axis=1)).astype(float)
    series, at = np.nonzero(promoted)
    plans = Plans(
        n_series,
        series,
        FIRST + 7 * at,
        FIRST + 7 * at + 6,
        np.zeros(len(at), dtype=np.int64),
        np.ones((len(at), 1)),
        14,
    )
    days = _days(7 * n_weeks)
    history = History(quantity, days, plans.by_day(days), plans=plans)
    trees = train(history, 14, PooledSettings())
    pool = pool_at(history, np.array([len(days) - 1]))
    given = replace(history, pools={int(days[-1]): replace(pool, trees=trees)})
    return given, promoted[:, n_weeks:]


def _by_week(history: History) -> np.ndarray:
    forecast: np.ndarray = Pooled().fit_forecast(history, 14).forecast
    return forecast.reshape(history.n_series, 2, 7).mean(axis=2)


def test_trees_learn_what_a_promotion_does() -> None:
    history, ahead = _promoted_shop(np.full(200, 3.0))
    forecast = _by_week(history)
    assert 7.0 < forecast[ahead].mean() < 10.0
    assert 2.5 < forecast[~ahead].mean() < 4.0
    np.testing.assert_allclose(_by_week(history.select(np.array([3])))[0], forecast[3], rtol=1e-9)


def test_a_product_is_forecast_by_what_its_own_promotions_did() -> None:
    """Half of them sell three times as much under a promotion, half as ever."""
    moved = np.arange(200) // 5 % 2 == 0
    history, ahead = _promoted_shop(np.where(moved, 3.0, 1.0))
    forecast = _by_week(history)
    of = {kind: forecast[rows][ahead[rows]].mean() for kind, rows in (("moved", moved), ("unmoved", ~moved))}
    assert 7.0 < of["moved"] < 10.0
    assert 2.5 < of["unmoved"] < 3.5
