"""Published losses, and comparison with sums over probabilities by scipy.stats."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory_parts.normal import Normal
from scipy import stats

from lepton_spark.evaluation.distributions.mixtures import Either, Mixture, units
from lepton_spark.evaluation.distributions.parametric import Counts, Demand, Gamma
from lepton_spark.models.data.arrays import FloatArray

LEVELS = (0.01, 0.5, 0.9, 0.99)


def floats(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def slow(mean: float, dispersion: float) -> Any:
    if dispersion == 1.0:
        return stats.poisson(mean)
    return stats.nbinom(mean / (dispersion - 1.0), 1.0 / dispersion)


@pytest.mark.parametrize(
    ("demand", "level", "expected"),
    [
        (Normal(floats(0), floats(1)), 0.3, 0.266761),
        (Normal(floats(15), floats(3)), 18.0, 0.249946),
        (Counts(floats(15), floats(1)), 18.0, 0.517610),
    ],
    ids=["standard normal", "normal", "poisson"],
)
def test_loss_is_as_published(demand: Demand, level: float, expected: float) -> None:
    assert demand.loss(floats(level))[0] == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("mean", [0.02, 1.0, 40.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.3, 9.0])
def test_counts_agree_with_sums_over_probabilities(mean: float, dispersion: float) -> None:
    reference, demand = slow(mean, dispersion), Counts(floats(mean), floats(dispersion))
    counts = np.arange(4000)
    probability = reference.pmf(counts)
    assert demand.variance[0] == pytest.approx(reference.var())
    for level in (-2.0, 0.0, 0.5, 1.0, 3.7, 50.0, 200.0):
        assert demand.cdf(floats(level))[0] == pytest.approx(probability[counts <= level].sum(), abs=1e-12)
        excess = np.maximum(counts - level, 0.0)
        assert demand.loss(floats(level))[0] == pytest.approx((excess * probability).sum(), abs=1e-9)
    assert demand.quantile(LEVELS)[0].tolist() == [float(reference.ppf(level)) for level in LEVELS]


@pytest.mark.parametrize("mean", [0.02, 1.0, 40.0])
def test_gamma_agrees_with_an_integral(mean: float) -> None:
    reference, demand = stats.gamma(mean / 2.5, scale=2.5), Gamma(floats(mean), floats(2.5))
    for level in (0.0, 0.3, 2.0, 60.0):
        assert demand.cdf(floats(level))[0] == pytest.approx(reference.cdf(level), abs=1e-12)
        grid = np.linspace(level, level + 400.0, 400_001)
        assert demand.loss(floats(level))[0] == pytest.approx(
            np.trapezoid(reference.sf(grid), grid), abs=1e-3
        )
    assert demand.loss(floats(-1.5))[0] == pytest.approx(mean + 1.5)
    assert demand.quantile(LEVELS)[0] == pytest.approx(reference.ppf(LEVELS))


def test_mixture_averages_its_parts() -> None:
    parts = (Counts(floats(2, 0), floats(1, 1)), Counts(floats(10, 4), floats(3, 2)))
    demand = Mixture(parts, np.array([[0.75, 0.25], [0.5, 0.5]]))
    assert demand.mean.tolist() == [4.0, 2.0]
    assert demand.variance.tolist() == [0.75 * (2 + 4) + 0.25 * (30 + 36), 0.5 * (0 + 4) + 0.5 * (8 + 4)]
    cdf = 0.75 * stats.poisson(2).cdf(3) + 0.25 * slow(10, 3).cdf(3)
    assert demand.cdf(floats(3, 0))[0] == pytest.approx(cdf)
    assert demand.cdf(floats(3, 0))[1] == pytest.approx(0.5 + 0.5 * slow(4, 2).pmf(0))
    counts = np.arange(200)
    cumulative = 0.75 * stats.poisson(2).cdf(counts) + 0.25 * slow(10, 3).cdf(counts)
    assert demand.quantile(LEVELS)[0].tolist() == [float(np.argmax(cumulative >= level)) for level in LEVELS]
    assert demand.take(np.array([1])).mean.tolist() == [2.0]


def test_mixture_of_equal_parts_is_that_part() -> None:
    part = Gamma(floats(3, 0.4), floats(2, 2))
    demand = Mixture((part, part), floats(0.5, 0.5))
    assert demand.loss(floats(1, 1)) == pytest.approx(part.loss(floats(1, 1)))
    assert demand.quantile(LEVELS) == pytest.approx(part.quantile(LEVELS), abs=1e-7)


def test_fractional_series_are_gamma_and_whole_ones_counts() -> None:
    mean, dispersion, x = floats(3, 3), floats(2, 2), floats(4, 4)
    demand = units(mean, dispersion, np.array([True, False]))
    assert isinstance(demand, Either)
    assert demand.cdf(x) == pytest.approx([slow(3, 2).cdf(4), stats.gamma(1.5, scale=2).cdf(4)])
    assert demand.quantile([0.9])[:, 0] == pytest.approx(
        [slow(3, 2).ppf(0.9), stats.gamma(1.5, scale=2).ppf(0.9)]
    )
    assert demand.loss(x)[1] == Gamma(mean, dispersion).loss(x)[1]
    assert demand.variance.tolist() == [6.0, 6.0]


def test_no_demand_is_always_zero() -> None:
    zero = floats(0)
    for demand in (
        Counts(zero, floats(1)),
        Counts(zero, floats(4)),
        Gamma(zero, floats(2)),
        Normal(zero, zero),
    ):
        assert demand.cdf(zero).tolist() == [1.0]
        assert demand.loss(zero).tolist() == [0.0]
        assert demand.quantile(LEVELS).tolist() == [[0.0] * 4]


@given(
    log_mean=st.floats(-6, 6),
    log_excess=st.one_of(st.floats(-12, 3), st.just(-np.inf)),
    deviations=st.lists(st.floats(-3, 12), min_size=2, max_size=6),
)
def test_counts_are_finite_and_monotone(log_mean: float, log_excess: float, deviations: list[float]) -> None:
    mean, dispersion = 10.0**log_mean, 1.0 + 10.0**log_excess
    levels = np.sort(np.floor(mean + np.array(deviations) * np.sqrt(mean * dispersion)))
    demand = Counts(np.full(len(levels), mean), np.full(len(levels), dispersion))
    cdf, loss = demand.cdf(levels), demand.loss(levels)
    assert np.isfinite(cdf).all()
    assert np.isfinite(loss).all()
    assert (cdf >= 0).all()
    assert (cdf <= 1).all()
    assert (np.diff(cdf) >= -1e-12).all()
    assert (np.diff(loss) <= 1e-9 * mean).all()
    quantiles = demand.take(np.array([0])).quantile(LEVELS)[0]
    assert (np.diff(quantiles) >= 0).all()
    at, below = (
        Counts(np.full(4, mean), np.full(4, dispersion)).cdf(quantiles - step) for step in (0.0, 1.0)
    )
    assert (at >= LEVELS).all()
    assert (below < LEVELS).all()


def test_quantiles_of_a_series_do_not_depend_on_the_others() -> None:
    mean, dispersion = floats(0, 1e-4, 0.7, 12, 900, 2e5), floats(1, 3, 1, 2, 40, 5)
    whole = np.array([True, False, True, False, True, False])
    demand = Mixture((units(mean, dispersion, whole), units(1.4 * mean, dispersion, whole)), floats(0.6, 0.4))
    alone = [demand.take(np.array([row])).quantile(LEVELS)[0].tolist() for row in range(6)]
    assert demand.quantile(LEVELS).tolist() == alone
    assert demand.take(np.arange(6)[::-1]).quantile(LEVELS).tolist() == alone[::-1]
