"""What every pool factor guarantees."""

from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors import FACTORS, PoolFactor
from tests.unit.models.events import events

FIRST = 18_000
YEAR = 364
N_DAYS = 3 * YEAR
HOLIDAY = 340
"""Day of the year of a holiday that sells threefold; the five weeks around it sell twofold."""

CUTOFFS = np.array([2 * YEAR + HOLIDAY - 30, 2 * YEAR + HOLIDAY - 11])
"""Two cutoffs before the third year's holiday, which every factor has learned something about."""

NONE = np.zeros(0, dtype=np.int64)

every_factor = pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)


def _shop() -> History:
    """Thirty products of three years with a season and a holiday that come back every year."""
    day = np.arange(N_DAYS) % YEAR
    rate = np.where(np.abs(day - HOLIDAY) <= 17, 2.0, 1.0) * np.where(day == HOLIDAY, 3.0, 1.0)
    rate = rate * np.exp(np.random.default_rng(0).normal(0.0, 0.03, N_DAYS))
    holidays = events(FIRST + HOLIDAY + YEAR * np.arange(3), [0, 0, 0])
    quantity = np.outer(np.arange(10.0, 40.0), rate)
    return History(quantity, FIRST + np.arange(N_DAYS), events=holidays)


def _fit(factor: PoolFactor, history: History, cutoffs: np.ndarray = CUTOFFS) -> np.ndarray:
    learned = factor.fit(history, cutoffs)
    assert learned is not None
    return learned


def _ahead(factor: PoolFactor, history: History, cutoffs: np.ndarray, horizon: int) -> np.ndarray:
    days = history.days[cutoffs][:, np.newaxis] + history.period * np.arange(1, horizon + 1)
    return factor.ahead(_fit(factor, history, cutoffs), days)


def test_factors_have_different_names_that_can_be_columns_and_a_meaning() -> None:
    names = [factor.name for factor in FACTORS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all(len(factor.meaning) > 10 for factor in FACTORS)


@every_factor
def test_factor_learns_a_row_of_equal_length_for_each_cutoff(factor: PoolFactor) -> None:
    history = _shop()
    learned = _fit(factor, history)
    assert learned.shape[0] == 2
    assert np.isfinite(learned).all()
    short = _fit(factor, history.until(40), np.array([10, 20, 40]))
    assert short.shape == (3, learned.shape[1])


@every_factor
def test_factor_expects_the_season_and_the_holiday_to_come_back(factor: PoolFactor) -> None:
    ahead = _ahead(factor, _shop(), CUTOFFS, 91)
    assert ahead.max() > 1.5


@every_factor
@pytest.mark.parametrize("horizon", [1, 10, 200])
def test_factor_has_a_value_for_each_day_ahead_and_one_beyond_what_it_learned(
    factor: PoolFactor, horizon: int
) -> None:
    ahead = _ahead(factor, _shop(), CUTOFFS, horizon)
    assert ahead.shape == (2, horizon)
    np.testing.assert_array_equal(ahead, _ahead(factor, _shop(), CUTOFFS, 300)[:, :horizon])
    assert (ahead[:, 91:] == 1.0).all()


@every_factor
def test_factor_of_days_ahead_leaves_what_was_learned_unchanged(factor: PoolFactor) -> None:
    history = _shop()
    learned = _fit(factor, history)
    before = learned.copy()
    factor.ahead(learned, history.days[CUTOFFS][:, np.newaxis] + np.arange(1, 30))[:] = 7.0
    np.testing.assert_array_equal(learned, before)


@every_factor
@pytest.mark.parametrize(
    "history",
    [
        _shop().until(100),
        replace(_shop(), quantity=np.full((30, N_DAYS), np.nan)),
        replace(_shop(), quantity=np.zeros((30, N_DAYS))),
        _shop().select(NONE),
        replace(_shop(), period=7),
    ],
    ids=["short", "unknown", "without a sale", "no series", "weeks"],
)
def test_factor_is_one_where_nothing_is_known(factor: PoolFactor, history: History) -> None:
    cutoffs = np.array([20, history.n_days - 40])
    assert (_ahead(factor, history, cutoffs, 120) == 1.0).all()


@every_factor
def test_factor_is_not_changed_by_days_after_the_cutoff(factor: PoolFactor) -> None:
    history = _shop()
    quantity = history.quantity.copy()
    quantity[:, CUTOFFS[0] + 1 :] *= 7.0
    changed = _fit(factor, replace(history, quantity=quantity))
    found = _fit(factor, history)
    np.testing.assert_array_equal(changed[0], found[0])
    assert (changed[1] != found[1]).any()


@every_factor
def test_factor_at_each_cutoff_is_that_of_the_history_up_to_it(factor: PoolFactor) -> None:
    history = _shop()
    found = _fit(factor, history)
    for position, cutoff in enumerate(CUTOFFS.tolist()):
        alone = _fit(factor, history.until(cutoff), np.array([cutoff]))
        np.testing.assert_allclose(alone[0], found[position], rtol=1e-12)


@every_factor
def test_factor_has_no_units_and_no_order_of_series(factor: PoolFactor) -> None:
    history = _shop()
    found = _fit(factor, history)
    np.testing.assert_allclose(_fit(factor, replace(history, quantity=8.0 * history.quantity)), found)
    np.testing.assert_allclose(_fit(factor, history.select(np.arange(30)[::-1])), found, rtol=1e-9)


@every_factor
def test_factor_ignores_a_series_without_a_finite_sum(factor: PoolFactor) -> None:
    history = _shop()
    poisoned = replace(history, quantity=np.vstack([history.quantity, np.full((1, N_DAYS), 1e308)]))
    np.testing.assert_allclose(_fit(factor, poisoned), _fit(factor, history))


@every_factor
def test_factor_is_bounded_however_absurd_a_day(factor: PoolFactor) -> None:
    history = _shop()
    quantity = history.quantity.copy()
    quantity[3, HOLIDAY + YEAR] = 1e12
    learned = _fit(factor, replace(history, quantity=quantity))
    assert 0.2 < learned.min() <= learned.max() < 5.0
