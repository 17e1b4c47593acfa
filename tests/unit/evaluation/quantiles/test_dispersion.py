import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from lepton_spark.evaluation.quantiles.dispersion import (
    LARGEST_DISPERSION,
    LOG_GRID,
    PRIOR_SPREAD,
    likely_dispersion,
    peak,
)


def _counts(dispersion: float, mean: np.ndarray, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).negative_binomial(mean / (dispersion - 1.0), 1.0 / dispersion)


def _told(mean: np.ndarray, actual: np.ndarray, log_prior: float = 0.0) -> float:
    scored = ~np.isnan(actual)
    return float(likely_dispersion(mean[np.newaxis], actual[np.newaxis], scored[np.newaxis], log_prior)[0])


@pytest.mark.parametrize("log_prior", [0.0, 2.0])
def test_it_is_where_scipys_likelihood_and_the_pools_prior_are_greatest(log_prior: float) -> None:
    rng = np.random.default_rng(8)
    mean = rng.gamma(2.0, 1.5, 40)
    actual = _counts(2.5, mean).astype(float)
    actual[::9] = np.nan
    known = ~np.isnan(actual)
    grid = np.exp(LOG_GRID)
    logs = [poisson.logpmf(actual[known], mean[known]).sum()]
    logs += [nbinom.logpmf(actual[known], mean[known] / (d - 1), 1 / d).sum() for d in grid[1:]]
    heights = np.array(logs) - 0.5 * ((LOG_GRID - log_prior) / PRIOR_SPREAD) ** 2
    near = np.argmax(heights) + np.arange(-1, 2)
    parabola = np.polyfit(LOG_GRID[near], heights[near], 2)
    expected = np.exp(-parabola[1] / (2.0 * parabola[0]))
    assert _told(mean, actual, log_prior) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dispersion", [1.5, 4.0, 20.0])
def test_it_finds_what_counts_were_drawn_with(dispersion: float) -> None:
    mean = np.tile([0.4, 2.0, 9.0], 300)
    assert _told(mean, _counts(dispersion, mean).astype(float)) == pytest.approx(dispersion, rel=0.2)


def test_one_spike_is_one_day_and_not_all() -> None:
    mean = np.full(112, 3.0)
    actual = _counts(2.0, mean).astype(float)
    calm = _told(mean, actual)
    actual[50] = 100.0
    by_squares = ((actual - mean) ** 2).sum() / mean.sum()
    assert by_squares > 15.0 * calm
    assert _told(mean, actual) < 4.0 * calm


LAST = LOG_GRID[-1]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        (-((LOG_GRID - 0.5) ** 2), 0.5),
        (-((LOG_GRID + 9.0) ** 2), 0.0),
        (-((LOG_GRID - 99.0) ** 2), LAST),
        (-LOG_GRID, 0.0),
        ((LOG_GRID - LAST) ** 2, 0.0),  # hollow, and highest at its beginning
        (LOG_GRID**2, LAST),
    ],
)
def test_the_peak_of_heights_is_between_neighbours_or_an_end(heights: np.ndarray, expected: float) -> None:
    assert peak(heights[np.newaxis])[0] == pytest.approx(expected)


def test_without_a_known_day_it_is_the_pools() -> None:
    nothing = np.full(28, np.nan)
    assert _told(np.full(28, 2.0), nothing, np.log(5.0)) == pytest.approx(5.0)
    assert _told(np.full(28, 2.0), nothing, 9.0) == pytest.approx(LARGEST_DISPERSION)
    assert _told(np.full(28, 2.0), nothing, -1.0) == 1.0


def test_it_stays_a_finite_number_within_its_bounds() -> None:
    mean = np.array([0.0, 1e300, 1e-300, 5.0, np.nan])
    actual = np.array([7.0, 1e300, 0.0, 1e308, np.nan])
    assert 1.0 <= _told(mean, actual) <= LARGEST_DISPERSION
    steady = np.full(28, 1e6)
    assert _told(steady, steady) == pytest.approx(1.0, abs=0.05)


def test_a_series_is_told_alike_in_any_batch() -> None:
    rng = np.random.default_rng(1)
    mean = rng.gamma(1.0, 3.0, (70, 56))
    actual = rng.poisson(mean).astype(float)
    scored = rng.random(mean.shape) < 0.9
    whole = likely_dispersion(mean, actual, scored, 0.5)
    for row in (0, 33, 69):
        alone = likely_dispersion(mean[[row]], actual[[row]], scored[[row]], 0.5)
        assert alone.tolist() == whole[[row]].tolist()
