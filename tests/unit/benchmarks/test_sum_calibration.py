import numpy as np
import pytest
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Distribution, Output
from accuracy_parts.sum_calibration import ADDED_UP, BY_PATHS, sum_calibration

from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.models.data.history import History

HORIZON = 28


def _origin(actual: np.ndarray) -> Origin:
    history = History(np.full((len(actual), 100), 5.0), np.arange(100))
    one = np.ones(len(actual))
    ahead = np.arange(100, 100 + HORIZON)
    return Origin(0, np.arange(len(actual)), history, ahead, actual, Scales(one, one), one)


def test_sums_are_of_open_days_and_use_the_paths_of_the_class() -> None:
    actual = np.full((2, HORIZON), 4.0)
    actual[:, 3] = np.nan  # closed
    # two paths per series: always one standard deviation below, and one above, the mean
    paths = np.stack([np.full((2, HORIZON), -1.0), np.full((2, HORIZON), 1.0)], axis=1)
    quantiles = np.tile(np.arange(1.0, 8.0), (2, HORIZON, 1))
    output = Output(np.full((2, HORIZON), 4.0), None, 0.0, Distribution(quantiles, np.ones(2), paths))
    found = sum_calibration(_origin(actual), output)
    by_paths, added_up = found[BY_PATHS], found[ADDED_UP]
    assert by_paths.groups.tolist() == ["7 days"] * 2 + ["14 days"] * 2 + ["28 days"] * 2
    # six open days: paths sum to 6 x (4 - 2) and 6 x (4 + 2), so 24 lies between p25 and p75
    assert by_paths.below[0].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert by_paths.central.tolist() == [1.0] * 6
    # daily quantiles 1 to 7 add up to 6 to 42 over six days; the fourth equals 24
    assert added_up.below[0].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert added_up.at_most[0].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_series_of_a_class_without_usable_paths_are_left_out() -> None:
    paths = np.zeros((1, 1, HORIZON))
    paths[:, :, :14] = np.nan  # half of the window was not scored
    output = Output(
        np.ones((1, HORIZON)), None, 0.0, Distribution(np.ones((1, HORIZON, 7)), np.ones(1), paths)
    )
    found = sum_calibration(_origin(np.ones((1, HORIZON))), output)
    assert found[BY_PATHS].groups.size == found[ADDED_UP].groups.size == 0


def test_sum_calibration_without_a_distribution_raises() -> None:
    with pytest.raises(ValueError, match="sum_calibration: found no distribution"):
        sum_calibration(_origin(np.ones((1, HORIZON))), Output(np.ones((1, HORIZON)), None, 0.0))
