import numpy as np
import pytest
from scipy.stats import gamma, nbinom, poisson

from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles, gamma_quantiles

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def _quantiles(mean: float, dispersion: float) -> np.ndarray:
    return count_quantiles(np.array([mean]), np.array([dispersion]), LEVELS)[0]


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.7, 3.3, 12.0, 29.9])
def test_small_means_of_dispersion_one_are_poisson(mean: float) -> None:
    expected = poisson.ppf(LEVELS, mean) if mean else np.zeros(7)
    np.testing.assert_array_equal(_quantiles(mean, 1.0), expected)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.3, 29.9])
@pytest.mark.parametrize("dispersion", [1.001, 1.7, 8.0, 100.0])
def test_small_means_are_negative_binomial(mean: float, dispersion: float) -> None:
    expected = nbinom.ppf(LEVELS, mean / (dispersion - 1.0), 1.0 / dispersion)
    np.testing.assert_array_equal(_quantiles(mean, dispersion), expected)


@pytest.mark.parametrize("mean", [31.0, 100.0, 5000.0])
@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_large_means_are_within_a_few_percent(mean: float, dispersion: float) -> None:
    expected = (
        nbinom.ppf(LEVELS, mean / (dispersion - 1.0), 1.0 / dispersion)
        if dispersion > 1.0
        else poisson.ppf(LEVELS, mean)
    )
    np.testing.assert_allclose(_quantiles(mean, dispersion), expected, atol=1, rtol=0.02)


def test_large_means_of_skewed_demand_are_exact() -> None:
    np.testing.assert_array_equal(_quantiles(50.0, 100.0), nbinom.ppf(LEVELS, 50.0 / 99.0, 0.01))
    np.testing.assert_allclose(
        _quantiles(410.0, 100.0)[3:], nbinom.ppf(LEVELS, 410 / 99, 0.01)[3:], rtol=0.05
    )


def test_count_quantiles_keep_the_shape_of_the_means() -> None:
    mean = np.array([[0.2, 8.0], [40.0, 0.0]])
    dispersion = np.array([[1.5, 1.0], [2.0, 5.0]])
    found = count_quantiles(mean, dispersion, LEVELS)
    for index in np.ndindex(2, 2):
        np.testing.assert_array_equal(found[index], _quantiles(mean[index], dispersion[index]))


@pytest.mark.parametrize(("mean", "dispersion"), [(1e4, 5e3), (1e6, 1e6), (3e7, 1e7)])
def test_large_skewed_counts_are_not_cut_off(mean: float, dispersion: float) -> None:
    expected = gamma.ppf(LEVELS, mean / dispersion, scale=dispersion)
    np.testing.assert_allclose(_quantiles(mean, dispersion), expected, rtol=1e-4, atol=1.0)


def test_gamma_quantiles_scale_with_the_unit() -> None:
    kilograms = gamma_quantiles(np.array([0.4, 0.0]), np.array([0.1, 0.1]), LEVELS)
    grams = gamma_quantiles(np.array([400.0, 0.0]), np.array([100.0, 100.0]), LEVELS)
    np.testing.assert_allclose(1000.0 * kilograms, grams)
    np.testing.assert_allclose(kilograms[0], gamma.ppf(LEVELS, 4.0, scale=0.1))
    assert kilograms[1].tolist() == [0.0] * 7
