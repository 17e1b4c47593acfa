import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton_spark.models.data.parts import (
    EVENTS,
    LEVEL,
    MODEL,
    NAMES,
    SEASON,
    WEEKDAY,
    Parts,
    log_mean,
    log_parts,
)


def _above(parts: Parts, base: float) -> dict[str, float]:
    values = parts.above(np.array([base]), 1)[:, 0, 0]
    return {name: float(value) for name, value in zip(NAMES, values, strict=True) if value}


def _one(value: float) -> np.ndarray:
    return np.array([[value]])


def test_terms_are_what_they_add_and_the_level_is_less_the_base() -> None:
    assert _above(Parts({LEVEL: _one(12.0), WEEKDAY: _one(-3.0)}), 10.0) == {LEVEL: 2.0, WEEKDAY: -3.0}


def test_single_part_of_a_model_is_its_forecast_less_the_base() -> None:
    assert _above(Parts({MODEL: _one(12.0)}), 10.0) == {MODEL: 2.0}


def test_one_factor_adds_the_difference_that_it_makes() -> None:
    parts = Parts({LEVEL: _one(12.0), WEEKDAY: _one(-2.0)}).times(EVENTS, _one(1.5))
    assert _above(parts, 10.0) == pytest.approx({LEVEL: 2.0, WEEKDAY: -2.0, EVENTS: 5.0})


def test_factors_share_the_difference_by_their_logs() -> None:
    """8 = 1 x 2 x 4: of the 7 units a third is due to the factor 2, two thirds to 4."""
    parts = Parts({LEVEL: _one(1.0)}).times(WEEKDAY, _one(2.0)).times(SEASON, _one(4.0))
    assert _above(parts, 1.0) == pytest.approx({WEEKDAY: 7.0 / 3.0, SEASON: 14.0 / 3.0})


def test_factors_that_cancel_add_and_take_off_the_same() -> None:
    """The logarithmic mean of 6 and 6 is 6, so the parts are 6 ln 2 and -6 ln 2."""
    parts = Parts({LEVEL: _one(6.0)}).times(WEEKDAY, _one(2.0)).times(SEASON, _one(0.5))
    assert _above(parts, 6.0) == pytest.approx({WEEKDAY: 6.0 * np.log(2.0), SEASON: -6.0 * np.log(2.0)})


def test_factors_of_0_take_off_everything_in_equal_parts() -> None:
    parts = Parts({LEVEL: _one(6.0)}).times(WEEKDAY, _one(2.0)).times(SEASON, _one(0.0))
    assert _above(parts, 6.0) == {SEASON: -6.0}
    assert _above(parts.times(EVENTS, _one(0.0)), 6.0) == {SEASON: -3.0, EVENTS: -3.0}


def test_logs_of_one_group_are_added_up() -> None:
    parts = Parts({LEVEL: _one(3.0)}).times(SEASON, _one(2.0)).times(SEASON, _one(2.0))
    assert _above(parts, 3.0) == pytest.approx({SEASON: 9.0})


def test_logarithmic_mean_is_1_for_equal_numbers_and_nearly_equal_ones() -> None:
    np.testing.assert_allclose(log_mean(np.array([0.0, 1e-300, -1e-12])), 1.0, rtol=1e-11)


def test_log_parts_share_the_log_of_a_ratio_by_what_they_add_to_it() -> None:
    """A ratio of 1 + 3 - 1 = 3."""
    found = log_parts({LEVEL: _one(3.0), SEASON: _one(-1.0)}, _one(3.0), SEASON)
    assert found[LEVEL] == pytest.approx(1.5 * np.log(3.0))
    assert found[SEASON] == pytest.approx(-0.5 * np.log(3.0))


def test_ratio_of_0_is_due_to_the_named_group() -> None:
    found = log_parts({LEVEL: _one(-1.0)}, _one(0.0), SEASON)
    assert (found[LEVEL].item(), found[SEASON].item()) == (0.0, -np.inf)


@given(
    level=st.floats(-1e6, 1e6),
    factors=st.lists(st.floats(0.0, 50.0), min_size=1, max_size=2),
    base=st.floats(0.0, 1e6),
)
def test_parts_add_up_to_the_product(level: float, factors: list[float], base: float) -> None:
    parts, product = Parts({LEVEL: _one(level)}), level
    for group, factor in zip((WEEKDAY, SEASON), factors, strict=False):
        parts, product = parts.times(group, _one(factor)), product * factor
    found = base + parts.above(np.array([base]), 1).sum()
    assert found == pytest.approx(product, rel=1e-9, abs=1e-9 * (1.0 + abs(level) + base))
