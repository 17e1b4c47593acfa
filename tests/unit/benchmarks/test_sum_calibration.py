import numpy as np
import pytest
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Distribution, Output
from accuracy_parts.sum_calibration import ADDED_UP, OF_SUMS, sum_calibration, sum_quantiles
from scipy import stats

from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.models.data.history import History

HORIZON = 28


def _origin(actual: np.ndarray) -> Origin:
    history = History(np.full((len(actual), 100), 5.0), np.arange(100))
    one = np.ones(len(actual))
    ahead = np.arange(100, 100 + HORIZON)
    return Origin(0, np.arange(len(actual)), history, ahead, actual, Scales(one, one), one)


def test_sums_are_of_open_days_and_have_the_dispersion_of_their_length() -> None:
    actual = np.full((2, HORIZON), 4.0)
    actual[:, 3] = np.nan  # closed
    quantiles = np.tile(np.arange(1.0, 8.0), (2, HORIZON, 1))
    distribution = Distribution(quantiles, np.ones(2), np.array([[1.0, 1.0, 1.0], [1.0, 9.0, 9.0]]))
    output = Output(np.full((2, HORIZON), 4.0), None, 0.0, distribution)
    found = sum_calibration(_origin(actual), output)
    of_sums, added_up = found[OF_SUMS], found[ADDED_UP]
    assert of_sums.groups.tolist() == ["7 days"] * 2 + ["14 days"] * 2 + ["28 days"] * 2
    assert of_sums.central.tolist() == [1.0] * 6
    # daily quantiles 1 to 7 add up to 6 to 42 over six days; the fourth equals 24
    assert added_up.below[0].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert added_up.at_most[0].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_quantiles_of_a_sum_are_those_of_its_mean_and_dispersion() -> None:
    dispersions = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 8.0]])
    days = np.arange(7)
    found = sum_quantiles(np.full((2, HORIZON), 1.0), dispersions, days, 7, [0.5, 0.9])
    # Poisson of mean 7, and a negative binomial of mean 7 with variance 14
    assert found.tolist() == [
        list(stats.poisson(7).ppf([0.5, 0.9])),
        list(stats.nbinom(7, 0.5).ppf([0.5, 0.9])),
    ]


def test_sum_calibration_without_a_distribution_raises() -> None:
    with pytest.raises(ValueError, match="sum_calibration: found no distribution"):
        sum_calibration(_origin(np.ones((1, HORIZON))), Output(np.ones((1, HORIZON)), None, 0.0))
