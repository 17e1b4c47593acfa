import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from lepton_spark.monitoring.drift import LARGEST_SCORE, Drift, discoveries, drift, scores

# the 15 p-values of Benjamini and Hochberg (1995), section 4.1, of which they reject 4 at 0.05
PUBLISHED = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
)  # fmt: skip


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


def test_discoveries_are_those_of_the_published_example_in_any_order() -> None:
    p_value = np.array(PUBLISHED)[::-1]
    found = discoveries(np.append(p_value, np.nan), 0.05)
    assert found.tolist() == [False] * 11 + [True] * 4 + [False]


def test_nothing_is_found_among_nothing() -> None:
    assert discoveries(np.array([]), 0.1).tolist() == []
    assert discoveries(np.array([0.9, 0.8]), 0.1).tolist() == [False, False]


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=12))
def test_sums_of_the_opposite_scores_are_mirrored(values: list[float]) -> None:
    one, other = drift(np.array([values])), drift(-np.array([values]))
    assert one.up.tolist() == other.down.tolist()
    assert one.down.tolist() == other.up.tolist()


def test_p_value_falls_with_the_sum() -> None:
    made = Drift(np.array([1.0, 2.0, 8.0]), np.zeros(3), np.zeros(3, dtype=np.int64)).p_value
    assert made.tolist() == sorted(made, reverse=True)
    assert made[2] == pytest.approx(2.0 * np.exp(-8.583))
