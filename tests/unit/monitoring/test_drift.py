import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, nbinom, poisson

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.monitoring.drift import (
    LARGEST_SCORE,
    LARGEST_SUM,
    Drift,
    bin_of,
    limit_of,
    scores,
)


def drift(score: FloatArray) -> Drift:
    """The sums after the scores [S, T] of T periods, numbered from 0."""
    made = Drift.none(len(score))
    for period, of_period in enumerate(score.T):
        made = made.after(of_period, period)
    return made


def test_score_is_the_normal_quantile_of_the_middle_probability() -> None:
    # Poisson of mean 1: P(D < 2) = 0.73576, P(D <= 2) = 0.91970; the middle is 0.82773
    made = scores(np.array([0.73576]), np.array([0.91970]))
    assert made == pytest.approx([0.9453], abs=2e-4)


def test_score_of_an_impossible_sale_is_bounded_and_an_unknown_one_unknown() -> None:
    made = scores(np.array([1.0, 0.0, np.nan]), np.array([1.0, 0.0, np.nan]))
    assert made[:2].tolist() == [LARGEST_SCORE, -LARGEST_SCORE]
    assert np.isnan(made[2])


def test_sums_grow_by_the_score_less_the_allowance_and_start_again_at_zero() -> None:
    made = drift(np.array([[2.0, -3.0, 1.0, 1.5], [-1.0, -1.0, np.nan, -0.2]]))
    # first: up 1.5, 0, 0.5, 1.5 and down 0, 2.5, 1, 0; second: down 0.5, 1, 1, 0.7
    assert made.up.tolist() == [1.5, 0.0]
    assert made.down.tolist() == pytest.approx([0.0, 0.7])
    assert made.since.tolist() == [2, 0]
    assert made.is_up.tolist() == [True, False]


def test_sums_of_right_forecasts_have_no_beginning() -> None:
    made = drift(np.array([[0.0, 0.0], [0.8, -0.4]]))  # the second one begins and ends
    assert (made.up.tolist(), made.since.tolist(), made.p_value.tolist()) == ([0.0] * 2, [-1] * 2, [1.0] * 2)


@pytest.mark.parametrize("level", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_right_forecasts_of_counts_alarm_at_most_as_often_as_the_p_value(
    level: float, dispersion: float
) -> None:
    law = poisson(level) if dispersion == 1.0 else nbinom(level / (dispersion - 1.0), 1.0 / dispersion)
    sold = law.rvs((8_000, 60), random_state=np.random.default_rng(4))
    score = scores(law.cdf(sold - 1), law.cdf(sold))
    p_value = np.stack([drift(score[:, : n + 1]).p_value for n in range(40, 60)])
    for limit in (0.05, 0.005):
        assert np.mean(p_value <= limit) <= 1.15 * limit


def test_right_forecasts_of_large_counts_reach_the_p_value() -> None:
    sold = poisson(200.0).rvs((8_000, 60), random_state=np.random.default_rng(5))
    score = scores(poisson(200.0).cdf(sold - 1), poisson(200.0).cdf(sold))
    p_value = np.stack([drift(score[:, : n + 1]).p_value for n in range(40, 60)])
    assert np.mean(p_value <= 0.01) == pytest.approx(0.01, rel=0.15)


def test_a_level_twice_as_high_is_found_within_weeks() -> None:
    sold = poisson(20.0).rvs((500, 6), random_state=np.random.default_rng(6))
    found = drift(scores(poisson(10.0).cdf(sold - 1), poisson(10.0).cdf(sold)))
    assert np.mean(found.p_value < 1e-3) > 0.95
    assert found.is_up.all()
    assert np.mean(found.since <= 1) > 0.95


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=12))
def test_sums_of_the_opposite_scores_are_mirrored(values: list[float]) -> None:
    one, other = drift(np.array([values])), drift(-np.array([values]))
    assert one.up.tolist() == other.down.tolist()
    assert one.down.tolist() == other.up.tolist()


def test_p_value_falls_with_the_sum() -> None:
    never = np.full(3, -1)
    made = Drift(np.array([1.0, 2.0, 8.0]), np.zeros(3), never, never).p_value
    assert made.tolist() == sorted(made, reverse=True)
    assert made[2] == pytest.approx(2.0 * np.exp(-8.583))


def test_sums_are_bounded_so_that_a_right_forecast_recovers() -> None:
    made = drift(np.full((1, 20), 4.0))
    assert made.up.tolist() == [LARGEST_SUM]
    for period in range(20, 50):
        made = made.after(np.zeros(1), period)
    assert (made.up.tolist(), made.since.tolist()) == ([0.0], [-1])


def test_periods_go_on_from_stored_sums() -> None:
    score = np.random.default_rng(8).normal(0.3, 1.0, (40, 9))
    whole, made = drift(score), drift(score[:, :5])
    for period in range(5, 9):
        made = made.after(score[:, period], period)
    assert (made.up.tolist(), made.down.tolist()) == (whole.up.tolist(), whole.down.tolist())
    assert made.since.tolist() == whole.since.tolist()


def test_limit_by_bins_is_just_below_that_of_all_p_values() -> None:
    rng = np.random.default_rng(9)
    p_value = np.concatenate([rng.uniform(size=5_000), 10.0 ** rng.uniform(-7.0, -3.0, 120)])
    found = false_discovery_control(p_value) <= 0.1
    bins, counts = np.unique(bin_of(p_value), return_counts=True)
    limit = limit_of(dict(zip(bins.tolist(), counts.tolist(), strict=True)), 0.1)
    by_bins = p_value <= limit
    assert not (by_bins & ~found).any()
    assert 0.9 * np.count_nonzero(found) <= np.count_nonzero(by_bins)


def test_limit_without_drift_is_zero() -> None:
    assert limit_of({0: 10, 3: 1}, 0.1) == 0.0
    assert limit_of({}, 0.1) == 0.0
