from dataclasses import replace

import numpy as np

from lepton_spark.models.batch import History
from lepton_spark.models.plans import Plans
from lepton_spark.models.pooled import Pooled
from lepton_spark.models.pooled_training import PooledSettings, train
from lepton_spark.models.shrunk_weekday import pool_at, profiles
from lepton_spark.models.spikes import damped

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


def test_trees_learn_what_a_promotion_does() -> None:
    """Every fifth week a product is promoted and sells three times as much; the next one is known ahead."""
    rng = np.random.default_rng(0)
    n_series, n_weeks = 200, 40
    week = np.arange(n_weeks + 2)
    promoted = (week[np.newaxis] + np.arange(n_series)[:, np.newaxis]) % 5 == 0  # [S, W]
    rate = np.where(promoted, 9.0, 3.0)
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
    last = int(days[-1])
    pool = pool_at(history, np.array([len(days) - 1]))
    given = History(quantity, days, plans.by_day(days), pools={last: replace(pool, trees=trees)}, plans=plans)
    forecast = Pooled().fit_forecast(given, 14).forecast.reshape(n_series, 2, 7).mean(axis=2)
    ahead = promoted[:, n_weeks:]
    assert 7.0 < forecast[ahead].mean() < 10.0
    assert 2.5 < forecast[~ahead].mean() < 4.0
    alone = Pooled().fit_forecast(given.select(np.array([3])), 14).forecast.reshape(2, 7).mean(axis=1)
    np.testing.assert_allclose(alone, forecast[3], rtol=1e-9)
