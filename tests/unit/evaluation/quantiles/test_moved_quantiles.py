"""Quantiles after a planner has set the mean."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, nbinom, poisson

from lepton_spark.evaluation.quantiles.moved_quantiles import moved_quantiles

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
RARE = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]
USUAL = [2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0]


def _moved(
    quantiles: list[float], mean: float, new: float, dispersion: float = 1.0, *, whole: bool = True
) -> list[float]:
    one = (np.array([value]) for value in (mean, new, dispersion))
    found = moved_quantiles(np.array([quantiles]), LEVELS, *one, np.array([whole]))
    return list(found[0])


def test_quantiles_grow_in_proportion_to_the_mean() -> None:
    assert _moved(USUAL, 10.0, 15.0) == [3.0, 6.0, 9.0, 12.0, 18.0, 24.0, 30.0]
    assert _moved(USUAL, 10.0, 0.0) == [0.0] * 7


def test_quantiles_of_whole_units_stay_whole() -> None:
    assert _moved(USUAL, 10.0, 11.0) == [2.0, 4.0, 7.0, 9.0, 13.0, 18.0, 22.0]  # 2.2, 4.4, 6.6, 8.8 ...
    assert _moved(USUAL, 10.0, 11.0, whole=False)[:3] == pytest.approx([2.2, 4.4, 6.6])


@pytest.mark.parametrize("mean", [0.0, 0.2], ids=["never sold", "sold on few days"])
def test_quantiles_without_a_median_are_those_of_the_series_at_the_new_mean(mean: float) -> None:
    assert _moved(RARE, mean, 10.0) == list(poisson.ppf(LEVELS, 10.0))
    # dispersion d: n = mean / (d - 1) successes with probability 1 / d
    assert _moved(RARE, mean, 10.0, 3.0) == list(nbinom.ppf(LEVELS, 5.0, 1.0 / 3.0))
    assert _moved(RARE, mean, 10.0, 0.5, whole=False) == pytest.approx(gamma.ppf(LEVELS, 20.0, scale=0.5))
    assert _moved(RARE, mean, 10.0, 0.5) == list(poisson.ppf(LEVELS, 10.0))
    assert _moved(RARE, mean, 0.0) == _moved(RARE, mean, 0.0, whole=False) == [0.0] * 7


def test_quantiles_far_above_a_mean_near_0_are_no_shape() -> None:
    assert _moved(USUAL, 1e-310, 10.0) == list(poisson.ppf(LEVELS, 10.0))


@given(
    st.lists(st.floats(0.0, 1e6), min_size=7, max_size=7).map(sorted),
    st.floats(0.0, 1e6),
    st.floats(0.0, 1e9),
    st.floats(1e-3, 50.0),
    st.booleans(),
)
def test_moved_quantiles_are_in_order_and_do_not_depend_on_their_neighbours(
    quantiles: list[float], mean: float, new: float, dispersion: float, whole: bool
) -> None:
    alone = _moved(quantiles, mean, new, dispersion, whole=whole)
    assert all(low <= high for low, high in pairwise(alone))
    assert all(0 <= value < float("inf") for value in alone)
    together = moved_quantiles(
        np.array([RARE, quantiles, USUAL]),
        LEVELS,
        np.array([0.1, mean, 9.0]),
        np.array([4.0, new, 3.0]),
        np.array([2.0, dispersion, 1.0]),
        np.array([True, whole, True]),
    )
    assert list(together[1]) == alone
