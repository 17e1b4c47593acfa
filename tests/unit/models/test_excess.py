from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.pooled.factors.excess import HALF_LIFE, LARGEST_EXCESS, excess
from lepton_spark.models.pooled.features import pooled_features
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday, pool_at

N_DAYS = 140


def _history(n_series: int = 40) -> History:
    quantity = np.full((n_series, N_DAYS), 4.0)
    return History(quantity, 19_000 + np.arange(N_DAYS))


def _with(history: History, **spikes: float) -> History:
    """The history with spikes on days, such as `d100=50.0`, in its first series, damped."""
    quantity = history.quantity.copy()
    for day, units in spikes.items():
        quantity[0, int(day[1:])] = units
    return replace(history, quantity=quantity, damped=damped(quantity))


def test_what_damping_takes_is_told_as_a_share_of_all_sales() -> None:
    history = _with(_history(), d100=50.0)
    assert history.calm[0, 100] == 20.0
    weight = 0.5 ** ((N_DAYS - 1 - np.arange(N_DAYS)) // 7 * 7 / HALF_LIFE)
    left = 40 * 4.0 * weight.sum() + 16.0 * weight[100]
    largest = (4.0 * weight.sum() + 16.0 * weight[100]) / (4.0 * weight.sum())  # cut back to the others
    left -= 4.0 * weight.sum() * (largest - 1.0)
    found = excess(history, np.array([N_DAYS - 1]))
    assert found[0] == pytest.approx(1.0 + 30.0 * weight[100] / largest / left, rel=1e-6)


def test_a_cutoff_knows_no_later_spike() -> None:
    found = excess(_with(_history(), d100=50.0), np.array([99, 100]))
    assert found[0] == 1.0
    assert found[1] > 1.0


def test_without_a_spike_or_without_damping_it_is_exactly_one() -> None:
    history, last = _history(), np.array([N_DAYS - 1])
    assert excess(history, last).tolist() == [1.0]
    assert excess(replace(history, damped=damped(history.quantity)), last).tolist() == [1.0]
    assert excess(replace(history, quantity=history.quantity[:0], damped=history.quantity[:0]), last) == [1.0]
    nothing = replace(history, quantity=np.zeros((3, N_DAYS)), damped=np.zeros((3, N_DAYS)))
    assert excess(nothing, last).tolist() == [1.0]


def test_weeks_are_given_nothing_back() -> None:
    history = replace(_with(_history(), d100=50.0), period=7)
    assert excess(history, np.array([N_DAYS - 1])).tolist() == [1.0]


@pytest.mark.parametrize("absurd", [1e12, 1e300])
def test_one_absurd_day_moves_the_others_by_little(absurd: float) -> None:
    found = excess(_with(_history(), d100=absurd), np.array([N_DAYS - 1]))[0]
    assert 1.0 < found < 1.0 + (LARGEST_EXCESS - 1.0) / 39


def test_it_is_given_back_to_forecasts_and_to_what_trees_are_held_against() -> None:
    history = _with(_history(), d100=50.0)
    column = np.array([N_DAYS - 1])
    pool = pool_at(history, column)
    assert pool.excess is not None
    told, untold = (
        ShrunkWeekday().fit_forecast(replace(history, pools={int(history.days[-1]): given}), 28).forecast
        for given in (pool, replace(pool, excess=None))
    )
    np.testing.assert_allclose(told, untold * pool.excess[0], rtol=1e-12)
    features = pooled_features(history, column, 28, pool)
    np.testing.assert_allclose(features.shrunk[:, 0], told, rtol=1e-9)
