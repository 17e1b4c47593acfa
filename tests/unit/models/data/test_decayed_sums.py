import numpy as np

from lepton_spark.models.data.decayed_sums import decay_weights, ratio, weighted_sums


def test_decay_weights_are_equal_within_a_week_and_zero_after_the_cutoff() -> None:
    weight = decay_weights(16, np.array([14]), (7.0,))[:, 0, 0]
    # column 14 is the cutoff: 8..14 the last week, 1..7 the one before, 0 the third
    assert weight.tolist() == [0.25] + [0.5] * 7 + [1.0] * 7 + [0.0]


def test_decay_weights_of_weekly_columns_fall_with_every_column() -> None:
    weight = decay_weights(4, np.array([2, 3]), (7.0, 14.0), period=7)
    assert weight[:, 0, 0].tolist() == [0.25, 0.5, 1.0, 0.0]
    np.testing.assert_allclose(weight[:, 1, 1], [0.5**1.5, 0.5, 0.5**0.5, 1.0])


def test_weighted_sums_run_over_the_days() -> None:
    values = np.array([[1.0, 2.0, 4.0]])
    weight = np.array([[[1.0]], [[0.5]], [[0.25]]])
    assert weighted_sums(values, weight).tolist() == [[[3.0]]]


def test_weighted_sums_keep_cutoffs_and_half_lives_apart() -> None:
    weight = np.arange(12.0).reshape(2, 3, 2)  # [T, C, L]
    sums = weighted_sums(np.array([[1.0, 10.0]]), weight)
    assert sums.tolist() == [[[60.0, 71.0], [82.0, 93.0], [104.0, 115.0]]]


def test_ratio_is_zero_without_a_positive_denominator() -> None:
    assert ratio(np.array([3.0, 3.0, 3.0]), np.array([2.0, 0.0, -1.0])).tolist() == [1.5, 0.0, 0.0]
