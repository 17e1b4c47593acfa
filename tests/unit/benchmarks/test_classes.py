import numpy as np
import pytest
from accuracy_parts.datasets import Panel
from accuracy_parts.protocol import HORIZON
from classes import errors_at, groups, summary

from lepton_spark.models.data.history import History

NAN = np.nan


def test_age_counts_from_the_first_known_day_and_obsolete_series_are_left_out() -> None:
    quantity = np.ones((4, 200))
    quantity[1, :186] = NAN
    quantity[2, :185] = NAN
    quantity[3, 1:] = 0.0
    found = groups(History(quantity, np.arange(200)))
    assert found["1 to 14 days"].tolist() == [False, True, False, False]
    assert found["15 to 42 days"].tolist() == [False, False, True, False]
    assert found["older"].tolist() == [True, False, False, False]
    assert found["smooth"].tolist() == [True, False, False, False]
    assert found["new"].tolist() == [False, True, True, False]


def test_errors_cover_the_days_ahead_without_closed_ones() -> None:
    quantity = np.full((2, 140 + HORIZON), 3.0)
    quantity[:, 140:] = 5.0
    quantity[:, 150] = NAN  # nothing at all was sold
    quantity[1, :130] = NAN
    found = errors_at(Panel("made", ("a", "b"), np.arange(140 + HORIZON), quantity), 139)
    n_days = HORIZON - 1
    assert found["older"] == pytest.approx(
        [1.0, 3.0 * n_days, 5.0 * n_days, *[4.0 * n_days] * 3]
    )  # pooled, mean and naive all forecast 3
    assert found["1 to 14 days"][0] == 1.0
    assert found["43 to 90 days"].tolist() == [0.0] * 6


def test_summary_pools_squares_over_cutoffs_and_shows_the_worst() -> None:
    found = [
        {"x": np.array([10.0, 6.0, 3.0, 4.0, 16.0, 64.0])},
        {"x": np.array([20.0, 3.0, 3.0, 9.0, 4.0, 36.0])},
    ]
    row = summary("x", found)
    assert row["per cutoff"] == 15
    assert row["forecast / sold"] == "1.50"
    assert row["over mean"] == f"{np.sqrt(13 / 20):.4f}"
    assert row["worst cutoff"] == "1.5000"
    assert row["over naive"] == f"{np.sqrt(13 / 100):.4f}"
