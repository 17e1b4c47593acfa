"""Whether a challenger beats the champion."""

import math

import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.monitoring.policy.challenge import verdict


def _losses(*units: float) -> FloatArray:
    return np.array(units, dtype=np.float64)


def test_gain_is_the_mean_over_weeks_with_its_standard_error() -> None:
    found = verdict(_losses(10, 12, 11, 13), _losses(9, 10, 11, 10), min_weeks=4)
    assert (found.n_weeks, found.gain, found.champion_loss) == (4, 1.5, 11.5)  # gains 1, 2, 0, 3
    assert found.standard_error == pytest.approx(math.sqrt(5 / 3 / 4))
    assert found.wins


def test_challenger_wins_only_by_more_than_the_standard_error_of_enough_weeks() -> None:
    champion = _losses(10, 10, 10, 10)
    assert not verdict(champion, champion - (1, 2, 0, 3), min_weeks=5).wins
    assert not verdict(champion, champion - (9, -3, -3, 1), min_weeks=2).wins  # mean 1, standard error 2.8
    assert not verdict(champion, champion + 1.0, min_weeks=2).wins
    assert not verdict(champion, champion, min_weeks=2).wins
    assert verdict(champion, champion - 1.0, min_weeks=2).wins


def test_one_week_or_none_decides_nothing() -> None:
    assert not verdict(_losses(10), _losses(1), min_weeks=1).wins
    none = verdict(_losses(), _losses(), min_weeks=2)
    assert (none.n_weeks, none.wins) == (0, False)
    assert math.isnan(none.gain)
