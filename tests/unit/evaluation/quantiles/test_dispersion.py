import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from lepton_spark.evaluation.quantiles.dispersion import (
    DEFAULT_DISPERSION,
    LARGEST_DISPERSION,
    LOG_GRID,
    DispersionSettings,
    likely_dispersion,
    peak,
)


def _counts(dispersion: float, mean: np.ndarray, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).negative_binomial(mean / (dispersion - 1.0), 1.0 / dispersion)


def _dispersion(
    mean: np.ndarray,
    actual: np.ndarray,
    log_prior: float = 0.0,
    settings: DispersionSettings = DEFAULT_DISPERSION,
) -> float:
    scored = ~np.isnan(actual)
    return float(
        likely_dispersion(mean[np.newaxis], actual[np.newaxis], scored[np.newaxis], log_prior, settings)[0]
    )


@pytest.mark.parametrize(("log_prior", "deviation"), [(0.0, 0.7), (2.0, 0.7), (2.0, 0.1)])
def test_dispersion_maximises_scipys_likelihood_times_the_prior(log_prior: float, deviation: float) -> None:
    rng = np.random.default_rng(8)
    mean = rng.gamma(2.0, 1.5, 40)
    actual = _counts(2.5, mean).astype(float)
    actual[::9] = np.nan
    known = ~np.isnan(actual)
    grid = np.exp(LOG_GRID)
    logs = [poisson.logpmf(actual[known], mean[known]).sum()]
    logs += [nbinom.logpmf(actual[known], mean[known] / (d - 1), 1 / d).sum() for d in grid[1:]]
    heights = np.array(logs) - 0.5 * ((LOG_GRID - log_prior) / deviation) ** 2
    near = np.argmax(heights) + np.arange(-1, 2)
    parabola = np.polyfit(LOG_GRID[near], heights[near], 2)
    expected = np.exp(-parabola[1] / (2.0 * parabola[0]))
    settings = DispersionSettings(prior_deviation=deviation)
    assert _dispersion(mean, actual, log_prior, settings) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dispersion", [1.5, 4.0, 20.0])
def test_dispersion_of_random_counts_is_recovered(dispersion: float) -> None:
    mean = np.tile([0.4, 2.0, 9.0], 300)
    assert _dispersion(mean, _counts(dispersion, mean).astype(float)) == pytest.approx(dispersion, rel=0.2)


def test_dispersion_is_not_dominated_by_one_outlier() -> None:
    mean = np.full(112, 3.0)
    actual = _counts(2.0, mean).astype(float)
    without = _dispersion(mean, actual)
    actual[50] = 100.0
    by_squares = ((actual - mean) ** 2).sum() / mean.sum()
    assert by_squares > 15.0 * without
    assert _dispersion(mean, actual) < 4.0 * without


LAST = LOG_GRID[-1]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        (-((LOG_GRID - 0.5) ** 2), 0.5),
        (-((LOG_GRID + 9.0) ** 2), 0.0),
        (-((LOG_GRID - 99.0) ** 2), LAST),
        (-LOG_GRID, 0.0),
        ((LOG_GRID - LAST) ** 2, 0.0),  # convex, highest at its beginning
        (LOG_GRID**2, LAST),
    ],
)
def test_peak_is_between_neighbours_or_at_an_end(heights: np.ndarray, expected: float) -> None:
    assert peak(heights[np.newaxis])[0] == pytest.approx(expected)


def test_dispersion_without_a_known_day_is_the_pools_within_bounds() -> None:
    nothing = np.full(28, np.nan)
    assert _dispersion(np.full(28, 2.0), nothing, np.log(5.0)) == pytest.approx(5.0)
    assert _dispersion(np.full(28, 2.0), nothing, 99.0) == pytest.approx(LARGEST_DISPERSION)
    assert _dispersion(np.full(28, 2.0), nothing, -1.0) == 1.0


def test_dispersion_of_extreme_numbers_stays_within_bounds() -> None:
    mean = np.array([0.0, 1e300, 1e-300, 5.0, np.nan])
    actual = np.array([7.0, 1e300, 0.0, 1e308, np.nan])
    assert 1.0 <= _dispersion(mean, actual) <= LARGEST_DISPERSION
    steady = np.full(28, 1e6)
    assert _dispersion(steady, steady) == pytest.approx(1.0, abs=0.05)


def test_dispersion_does_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(1)
    mean = rng.gamma(1.0, 3.0, (70, 56))
    actual = rng.poisson(mean).astype(float)
    scored = rng.random(mean.shape) < 0.9
    together = likely_dispersion(mean, actual, scored, 0.5)
    for row in (0, 33, 69):
        alone = likely_dispersion(mean[[row]], actual[[row]], scored[[row]], 0.5)
        assert alone.tolist() == together[[row]].tolist()


@pytest.mark.parametrize("expected", [300.0, 2e4, 5e6])
def test_large_dispersions_are_found(expected: float) -> None:
    rng = np.random.default_rng(1)
    mean = 16.0 * expected  # a variation of a quarter
    actual = np.rint(rng.gamma(16.0, expected, (1, 400)))
    found = likely_dispersion(np.full((1, 400), mean), actual, np.ones((1, 400), bool), np.log(expected))
    assert found[0] == pytest.approx(expected, rel=0.2)


def test_each_series_may_have_a_prior_of_its_own() -> None:
    mean, nothing = np.full((3, 28), 2.0), np.full((3, 28), np.nan)
    found = likely_dispersion(mean, nothing, ~np.isnan(nothing), np.log([2.0, 50.0, 3e4]))
    np.testing.assert_allclose(found, [2.0, 50.0, 3e4], rtol=1e-6)
