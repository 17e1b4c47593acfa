import numpy as np

from lepton_spark.evaluation.priors import Prior

NAN = np.nan


def _prior(level: list[float], weight: list[list[float]]) -> Prior:
    return Prior(np.array(level), np.array(weight))


def test_a_whole_weight_moves_the_mean_of_open_days_to_the_level_and_keeps_the_shape() -> None:
    silent = np.array([[False, True, False]])
    drawn = _prior([10.0], [[1.0, 1.0, 1.0]]).drawn(np.array([[2.0, 0.0, 6.0]]), silent)
    np.testing.assert_allclose(drawn, [[5.0, 0.0, 15.0]])


def test_half_a_weight_goes_half_the_way_and_none_none() -> None:
    open_days = np.zeros((2, 2), dtype=np.bool_)
    prior = _prior([10.0, NAN], [[0.5, 0.0], [0.0, 0.0]])
    drawn = prior.drawn(np.array([[2.0, 6.0], [1.0, 3.0]]), open_days)
    np.testing.assert_array_equal(
        drawn, [[3.5, 6.0], [1.0, 3.0]]
    )  # 2 -> 5 whole, 3.5 half; no weight, no change
    assert prior.counts.tolist() == [True, False]


def test_where_the_model_forecasts_nothing_the_level_is_spread_evenly() -> None:
    silent = np.array([[False, True, False]])
    drawn = _prior([4.0], [[0.5, 0.5, 0.5]]).drawn(np.zeros((1, 3)), silent)
    np.testing.assert_array_equal(drawn, [[2.0, 0.0, 2.0]])


def test_a_level_of_zero_silences_a_product() -> None:
    drawn = _prior([0.0], [[1.0, 1.0]]).drawn(np.array([[3.0, 1.0]]), np.zeros((1, 2), dtype=np.bool_))
    np.testing.assert_array_equal(drawn, [[0.0, 0.0]])
