import numpy as np

from lepton_spark.evaluation.priors import Prior

NAN = np.nan


def _prior(level: list[float], weight: list[list[float]]) -> Prior:
    return Prior(np.array(level), np.array(weight))


def test_prior_of_weight_one_moves_the_mean_of_open_days_to_its_level_and_keeps_the_shape() -> None:
    closed = np.array([[False, True, False]])
    moved = _prior([10.0], [[1.0, 1.0, 1.0]]).apply(np.array([[2.0, 0.0, 6.0]]), closed)
    np.testing.assert_allclose(moved, [[5.0, 0.0, 15.0]])


def test_prior_of_half_the_weight_goes_half_the_way() -> None:
    open_days = np.zeros((2, 2), dtype=np.bool_)
    prior = _prior([10.0, NAN], [[0.5, 0.0], [0.0, 0.0]])
    moved = prior.apply(np.array([[2.0, 6.0], [1.0, 3.0]]), open_days)
    # 2 would become 5 at full weight, so 3.5 at half; no weight, no change
    np.testing.assert_array_equal(moved, [[3.5, 6.0], [1.0, 3.0]])
    assert prior.applies.tolist() == [True, False]


def test_prior_spreads_its_level_evenly_over_a_forecast_of_zero() -> None:
    closed = np.array([[False, True, False]])
    moved = _prior([4.0], [[0.5, 0.5, 0.5]]).apply(np.zeros((1, 3)), closed)
    np.testing.assert_array_equal(moved, [[2.0, 0.0, 2.0]])


def test_prior_of_level_zero_makes_the_forecast_zero() -> None:
    moved = _prior([0.0], [[1.0, 1.0]]).apply(np.array([[3.0, 1.0]]), np.zeros((1, 2), dtype=np.bool_))
    np.testing.assert_array_equal(moved, [[0.0, 0.0]])
