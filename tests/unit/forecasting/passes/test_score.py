"""Pass A over frames, without Spark."""

import numpy as np
import pandas as pd
import pytest

from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.registry import Candidate
from tests.unit.forecasting.frames import (
    BATCH,
    CUTOFF,
    assert_same_rows,
    daily_settings,
    packed_rows,
    random_units,
    with_candidates,
)

N_CANDIDATES = 9


@pytest.fixture
def settings() -> FitSettings:
    return daily_settings()


def _mean_of(settings: FitSettings) -> FitSettings:
    """The settings with the mean alone."""
    return with_candidates(settings, Candidate("mean"))


def test_score_batch_gives_each_series_each_candidate_in_order(settings: FitSettings) -> None:
    scored = ScoreBatch(settings)(packed_rows(random_units(2)))
    keys = [candidate.key for candidate in settings.evaluation.candidates]
    assert len(keys) == N_CANDIDATES
    assert scored["model"].tolist() == keys * 2
    assert scored["product_id"].tolist() == ["p00"] * N_CANDIDATES + ["p01"] * N_CANDIDATES
    assert scored["batch"].tolist() == [BATCH] * 2 * N_CANDIDATES
    assert scored["reason"].tolist() == [None] * 2 * N_CANDIDATES
    assert settings.evaluation.windows == (
        Window(0, Role.TEST, 28),
        Window(1, Role.VALIDATION, 56),
        Window(2, Role.VALIDATION, 84),
        Window(3, Role.VALIDATION, 112),
    )
    assert scored["n_obs"][0].tolist() == [28, 28, 28, 28]


def test_score_batch_lists_sums_by_window(settings: FitSettings) -> None:
    units = random_units(2)
    scored = ScoreBatch(_mean_of(settings))(packed_rows(units))
    for row, sold in zip(scored.to_dict("records"), units, strict=True):
        for window, begin in enumerate((172, 144, 116, 88)):
            error = sold[:begin].mean() - sold[begin : begin + 28]
            scale = (np.diff(sold[:begin]) ** 2).mean()
            assert row["sse"][window] == pytest.approx((error**2).sum())
            assert row["abs_error"][window] == pytest.approx(np.abs(error).sum())
            assert row["sum_error"][window] == pytest.approx(error.sum())
            assert row["sum_actual"][window] == sold[begin : begin + 28].sum()
            assert row["scaled_sse"][window] == pytest.approx((error**2).sum() / scale)


def test_score_batch_caps_the_scaled_errors_of_validation_windows(settings: FitSettings) -> None:
    units = random_units(2)
    units[1, -112:-28] *= 1_000.0  # far above what was sold before
    scored = ScoreBatch(_mean_of(settings))(packed_rows(units)).to_dict("records")
    assert [row["n_scaled"] for row in scored] == [84, 84]
    assert scored[0]["capped_sse"] == pytest.approx(scored[0]["scaled_sse"][1:].sum())
    assert scored[1]["scaled_sse"][1:].sum() > 8_400.0
    assert scored[1]["capped_sse"] == 84 * 10.0


def test_score_batch_has_no_scaled_sums_where_a_series_has_no_scale(settings: FitSettings) -> None:
    (row,) = ScoreBatch(_mean_of(settings))(packed_rows([[5.0] * 200])).to_dict("records")
    assert row["n_obs"].tolist() == [28] * 4
    assert np.isnan(row["scaled_sse"]).all()
    assert np.isnan(row["scaled_abs_error"]).all()
    assert (row["capped_sse"], row["n_scaled"]) == (0.0, 0)


def test_score_batch_has_zero_sums_on_windows_that_are_not_scored(settings: FitSettings) -> None:
    (row,) = ScoreBatch(_mean_of(settings))(packed_rows(random_units(1, 90))).to_dict("records")
    assert row["n_obs"].tolist() == [28, 28, 0, 0]
    assert row["scaled_sse"][2:].tolist() == [0.0, 0.0]


def test_score_batch_does_not_depend_on_the_order_of_rows(settings: FitSettings) -> None:
    rows = packed_rows(random_units(12))
    shuffled = rows.sample(frac=1.0, random_state=1)
    assert_same_rows(ScoreBatch(settings)(shuffled), ScoreBatch(settings)(rows))


def _broken(units: np.ndarray) -> pd.DataFrame:
    """The second series begins far after the cutoff, so that its array cannot be made."""
    first = [CUTOFF + 1 - units.shape[1]] * len(units)
    first[1] = CUTOFF + 5_000
    return packed_rows(units, first)


def test_score_batch_keeps_a_series_that_cannot_be_scored_with_the_reason(settings: FitSettings) -> None:
    units = random_units(3)
    made = ScoreBatch(settings)(_broken(units))
    intact = ScoreBatch(settings)(packed_rows(units))
    failed = made[made["product_id"] == "p01"]
    assert len(failed) == N_CANDIDATES
    assert all(reason.startswith("ValueError: ") for reason in failed["reason"])
    assert failed["demand_class"].tolist() == ["new"] * N_CANDIDATES
    assert {tuple(n_obs) for n_obs in failed["n_obs"]} == {(0, 0, 0, 0)}
    for name in ("p00", "p02"):
        mine, expected = (frame[frame["product_id"] == name] for frame in (made, intact))
        np.testing.assert_allclose(np.stack(mine["sse"]), np.stack(expected["sse"]), rtol=1e-9)
        assert mine["reason"].tolist() == [None] * N_CANDIDATES


def test_score_batch_that_was_given_up_runs_no_model(settings: FitSettings) -> None:
    made = ScoreBatch(settings, "the worker died")(packed_rows(random_units(2)))
    assert made["reason"].tolist() == ["the worker died"] * 2 * N_CANDIDATES
    assert made["capped_sse"].tolist() == [0.0] * 2 * N_CANDIDATES
    assert {tuple(n_obs) for n_obs in made["n_obs"]} == {(0, 0, 0, 0)}
