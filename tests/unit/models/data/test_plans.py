import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.data.plans import Plans

FIRST = 20_000


def _plans(rows: list[tuple[int, int, int, int, float]], n_series: int = 2, horizon: int = 3) -> Plans:
    """Rows of series, first day, last day and known day after `FIRST`, and a measure."""
    table = np.array(rows, dtype=float).reshape(-1, 5)
    series, first, last, known = table[:, :4].astype(np.int64).T
    return Plans(n_series, series, FIRST + first, FIRST + last, FIRST + known, table[:, 4:], horizon)


def _days(n_days: int) -> np.ndarray:
    return FIRST + np.arange(n_days)


def test_plans_are_expanded_to_days_of_the_past_and_the_horizon() -> None:
    planned = _plans([(0, 1, 2, -9, 0.5), (1, 4, 99, -9, 1.0), (1, -5, 0, -9, 0.25)]).by_day(_days(5))
    assert planned.shape == (2, 8, 1)
    assert planned[0, :, 0].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0, 0]
    assert planned[1, :, 0].tolist() == [0.25, 0, 0, 0, 1, 1, 1, 1]


def test_plans_of_weekly_columns_are_the_mean_over_their_days() -> None:
    weeks = FIRST + np.array([6, 13])  # the last days of the first two weeks
    planned = _plans([(0, 5, 8, -9, 0.7)], n_series=1, horizon=1).by_day(weeks, period=7)
    np.testing.assert_allclose(planned[0, :, 0], [0.2, 0.2, 0.0])  # two days of each week


def test_plan_counts_from_the_day_on_which_it_was_known() -> None:
    plans = _plans([(0, 6, 7, 5, 1.0)], n_series=1)
    assert plans.by_day(_days(5)).sum() == 0.0  # the cutoff is day 4
    assert plans.by_day(_days(6))[0, :, 0].tolist() == [0] * 6 + [1, 1, 0]


def test_history_until_shows_only_plans_known_by_then() -> None:
    plans = _plans([(0, 6, 7, 5, 1.0)], n_series=1)
    history = History(np.ones((1, 6)), _days(6), plans.by_day(_days(6)), plans=plans).until(4)
    assert history.regressors is not None
    assert history.regressors.shape == (1, 8, 1)
    assert history.regressors.sum() == 0.0


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]], ids=str)
def test_overlapping_plans_give_way_to_the_one_known_last_then_to_the_largest(order: list[int]) -> None:
    rows = [(0, 0, 2, 1, 0.9), (0, 1, 1, 2, 0.3), (0, 2, 2, 1, 0.2)]
    planned = _plans([rows[position] for position in order], n_series=1).by_day(_days(3))
    assert planned[0, :3, 0].tolist() == [0.9, 0.3, 0.9]


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True])], ids=["rows", "mask"])
def test_plans_select_keeps_the_plans_of_its_rows_in_their_order(rows: np.ndarray) -> None:
    plans = _plans([(0, 0, 0, 0, 0.1), (1, 0, 0, 0, 0.2), (2, 0, 0, 0, 0.3)], n_series=3)
    expected = [0.1, 0.3] if rows.dtype == np.bool_ else [0.3, 0.1]
    assert plans.select(rows).by_day(_days(1))[:, 0, 0].tolist() == expected


def test_plans_are_late_if_one_was_known_after_its_first_day() -> None:
    assert not _plans([(0, 4, 5, 4, 1.0), (1, 4, 5, 3, 1.0)]).has_late_plans
    assert _plans([(0, 4, 5, 4, 1.0), (1, 4, 5, 5, 1.0)]).has_late_plans


def _late() -> History:
    """Ten units a day, and 900 on day 40 under a promotion that is known from day 50."""
    quantity = np.full((1, 60), 10.0)
    quantity[0, 40] = 900.0
    plans = _plans([(0, 40, 40, 50, 1.0)], n_series=1)
    planned = plans.by_day(_days(60))
    return History(quantity, _days(60), planned, damped=damp_outliers(quantity, planned), plans=plans)


def test_promotion_known_late_is_an_outlier_at_earlier_cutoffs() -> None:
    history = _late()
    assert history.has_late_plans
    assert history.filled_damped[0, 40] == 900.0
    assert history.until(50).filled_damped[0, 40] == 900.0
    assert history.until(49).filled_damped[0, 40] == 50.0  # 10 + 8 x 5, half the mean


def test_history_without_damping_has_no_late_plans() -> None:
    history = _late()
    assert not History(history.quantity, history.days, plans=history.plans).has_late_plans
