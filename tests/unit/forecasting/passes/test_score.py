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
    N_DAYS,
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


def _class_sums(scored: pd.DataFrame) -> dict[tuple[str, str], tuple[float, int, int]]:
    """(capped_sse, n_obs, n_series) by class and model, from the first row, which alone has them."""
    assert scored["class_sums"].isna().tolist() == [False] + [True] * (len(scored) - 1)
    return {
        (item["demand_class"], item["model"]): (item["capped_sse"], item["n_obs"], item["n_series"])
        for item in scored["class_sums"][0]
    }


def test_score_batch_gives_each_series_one_row_with_each_candidate_in_order(settings: FitSettings) -> None:
    work = ScoreBatch(settings)
    scored = work(packed_rows(random_units(2)))
    assert work.models == [candidate.key for candidate in settings.evaluation.candidates]
    assert len(work.models) == N_CANDIDATES
    assert scored["product_id"].tolist() == ["p00", "p01"]
    assert scored["batch"].tolist() == [BATCH] * 2
    assert scored["reasons"].tolist() == [None] * 2
    assert settings.evaluation.windows == (
        Window(0, Role.TEST, 28),
        Window(1, Role.VALIDATION, 56),
        Window(2, Role.VALIDATION, 84),
        Window(3, Role.VALIDATION, 112),
    )
    assert work.models[-1] == "seasonal_last_year"  # of which there is none in 200 days
    assert [values.tolist() for values in scored["n_obs"]] == [[28] * 3 * (N_CANDIDATES - 1) + [0] * 3] * 2


def test_score_batch_lists_errors_by_candidate_then_validation_window(settings: FitSettings) -> None:
    units = random_units(2)
    both = with_candidates(settings, Candidate("mean"), Candidate("zero"))
    scored = ScoreBatch(both)(packed_rows(units))
    for row, sold in zip(scored.to_dict("records"), units, strict=True):
        for place, begin in enumerate((144, 116, 88)):
            actual = sold[begin : begin + 28]
            assert row["sse"][place] == pytest.approx(((sold[:begin].mean() - actual) ** 2).sum())
            assert row["sse"][3 + place] == pytest.approx((actual**2).sum())


def test_score_batch_sums_the_capped_scaled_errors_of_validation_windows_by_class(
    settings: FitSettings,
) -> None:
    units = random_units(3)
    units[1, -112:-28] *= 1_000.0  # far above what was sold before
    units[2, np.arange(N_DAYS) % 4 > 0] = 0.0
    scored = ScoreBatch(_mean_of(settings))(packed_rows(units))
    assert scored["demand_class"].tolist() == ["smooth", "erratic", "intermittent"]

    def scaled(sold: np.ndarray) -> float:
        pairs = [(sold[:begin], sold[begin : begin + 28]) for begin in (144, 116, 88)]
        return sum(((seen.mean() - then) ** 2).sum() / (np.diff(seen) ** 2).mean() for seen, then in pairs)

    sums = _class_sums(scored)
    assert sums["smooth", "mean"] == (pytest.approx(scaled(units[0])), 84, 1)
    assert sums["erratic", "mean"] == (84 * 10.0, 84, 1)
    assert sums["intermittent", "mean"] == (pytest.approx(scaled(units[2])), 84, 1)
    together = scaled(units[0]) + 840.0 + scaled(units[2])
    assert sums["all", "mean"] == (pytest.approx(together), 3 * 84, 3)


def test_score_batch_has_no_class_sums_of_a_series_without_scale(settings: FitSettings) -> None:
    scored = ScoreBatch(_mean_of(settings))(packed_rows([[5.0] * 200]))
    assert scored["n_obs"][0].tolist() == [28] * 3
    assert _class_sums(scored) == {("smooth", "mean"): (0.0, 0, 0), ("all", "mean"): (0.0, 0, 0)}


def test_score_batch_has_zero_sums_on_windows_that_are_not_scored(settings: FitSettings) -> None:
    (row,) = ScoreBatch(_mean_of(settings))(packed_rows(random_units(1, 90))).to_dict("records")
    assert row["n_obs"].tolist() == [28, 0, 0]
    assert row["sse"][1:].tolist() == [0.0, 0.0]


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
    failed = made.iloc[1]
    assert failed["reasons"].keys() == set(ScoreBatch(settings).models)
    assert all(reason.startswith("ValueError: ") for reason in failed["reasons"].values())
    assert failed["demand_class"] == "new"
    assert failed["n_obs"].tolist() == [0] * 3 * N_CANDIDATES
    for position in (0, 2):
        mine, expected = made.iloc[position], intact.iloc[position]
        np.testing.assert_allclose(mine["sse"], expected["sse"], rtol=1e-9)
        assert mine["reasons"] is None
    first = ScoreBatch(settings).models[0]
    assert _class_sums(made)["all", first][1:] == (2 * 84, 2)


def test_score_batch_that_was_given_up_runs_no_model(settings: FitSettings) -> None:
    work = ScoreBatch(settings, "the worker died")
    made = work(packed_rows(random_units(2)))
    assert made["reasons"].tolist() == [dict.fromkeys(work.models, "the worker died")] * 2
    assert set(_class_sums(made).values()) == {(0.0, 0, 0)}
    assert [values.tolist() for values in made["n_obs"]] == [[0] * 3 * N_CANDIDATES] * 2
