"""The stress cases that take seconds hold their bounds; `make bench-stress` runs them all."""

import numpy as np
import pytest
from stress_parts.cases import CASES, Figure
from stress_parts.shop import Shop


@pytest.mark.parametrize(
    "case",
    [
        "small_catalogue",
        pytest.param("seasonal_goods", marks=pytest.mark.slow),
        pytest.param("fractions", marks=pytest.mark.slow),
    ],
)
def test_figures_of_a_case_are_within_their_bounds(case: str) -> None:
    outside = [figure for figure in CASES[case](1) if not figure.passed]
    assert outside == []


def test_figure_passes_within_its_bounds_only() -> None:
    passed = [Figure("f", value, 0.9, 1.1).passed for value in (0.89, 0.9, 1.1, 1.11)]
    assert passed == [False, True, True, False]


def test_a_shop_is_forecast_like_a_run() -> None:
    """A Poisson shop that is open on six days: the closed day is forecast 0, and the total is right."""
    rates = np.tile([6.0, 6, 6, 6, 6, 6, 0], 22)[: 126 + 28] * np.ones((30, 1))
    result = Shop(np.random.default_rng(1).poisson(rates).astype(np.float64)).result
    assert result.actual.shape == (30, 28)
    assert result.closed[:, 6::7].all()
    assert not result.batch.forecast[:, 6::7].any()
    assert result.total_ratio == pytest.approx(1.0, abs=0.1)
    assert result.coverage(0.1, 0.9) > 0.75
