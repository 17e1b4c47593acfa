import numpy as np
import pytest
from accuracy_parts.calibration_bands import (
    PUBLISHED_LEVELS,
    calibration,
    calibration_rows,
    central_probability,
)
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Distribution, Output

from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.models.data.history import History

NAN = np.nan


def _origin(actual: np.ndarray) -> Origin:
    n_series, n_days = actual.shape
    history = History(np.full((n_series, 100), 5.0), np.arange(100))
    one = np.ones(n_series)
    ahead = np.arange(100, 100 + n_days)
    return Origin(0, np.arange(n_series), history, ahead, actual, Scales(one, one), one)


def _output(mean: np.ndarray, quantiles: np.ndarray, dispersion: float) -> Output:
    of_sums = np.full((len(mean), 3), dispersion)
    return Output(mean, None, 0.0, Distribution(quantiles, np.full(len(mean), dispersion), of_sums))


def test_central_probability_of_a_tie_is_its_share_of_the_central_interval() -> None:
    # Poisson of mean 1: 0 has 0 to 0.368, of which all above 0.1; 1 up to 0.736; 3 from 0.920 on
    found = central_probability(np.array([0.0, 1.0, 3.0]), np.ones(3), np.ones(3))
    np.testing.assert_allclose(found, [(0.3679 - 0.1) / 0.3679, 1.0, 0.0], atol=1e-3)


def test_central_probability_of_a_mean_of_zero() -> None:
    # 0 was certain, so its transform is uniform over all; a sale was impossible
    found = central_probability(np.array([0.0, 1.0]), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(found, [0.8, 0.0], atol=1e-3)


def test_true_quantiles_are_inside_their_bands_and_biased_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    mean = np.repeat(rng.gamma(1.0, 3.0, (400, 1)), 28, axis=1)
    actual = rng.negative_binomial(mean / 2.0, 1.0 / 3.0).astype(float)  # variance three times the mean
    rows = []
    for factor in (1.0, 0.5):
        quantiles = count_quantiles(mean * factor, np.full(mean.shape, 3.0), PUBLISHED_LEVELS.tolist())
        output = _output(mean * factor, quantiles, 3.0)
        rows.append(calibration_rows("x", "model", [calibration(_origin(actual), output)])[0])
    assert rows[0]["central_80"] == pytest.approx(0.8, abs=0.015)
    assert not [value for value in rows[0].values() if str(value).endswith("!")]
    assert float(str(rows[1]["central_80"])) < 0.75
    assert str(rows[1]["p95"]).endswith("!")


def test_closed_days_are_not_counted_and_classes_have_their_own_rows() -> None:
    actual = np.array([[1.0, NAN], [7.0, 7.0]])
    quantiles = np.tile(np.arange(7.0), (2, 2, 1))
    found = calibration(_origin(actual), _output(np.ones((2, 2)), quantiles, 1.0))
    rows = calibration_rows("x", "m", [found])
    assert [(row["class"], row["n"]) for row in rows] == [("all", 3), ("smooth", 3)]
    assert rows[0]["p10"] == "0.000-0.333"
    assert rows[0]["p05"] == "0.000-0.000 !"


def test_calibration_without_a_distribution_raises() -> None:
    with pytest.raises(ValueError, match="calibration: found no distribution"):
        calibration(_origin(np.ones((1, 2))), Output(np.ones((1, 2)), None, 0.0))
