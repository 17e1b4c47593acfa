"""Passes A and B over frames, without Spark."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lepton_spark.errors import InputError
from lepton_spark.evaluation.accuracy.class_errors import ALL, ClassErrors
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.settings import FitSettings
from tests.unit.evaluation.batches import errors_of_classes
from tests.unit.forecasting.frames import (
    BATCH,
    CUTOFF,
    N_DAYS,
    assert_same_rows,
    daily_settings,
    fit_rows_of,
    packed_rows,
    pools_of,
    random_units,
    records,
    with_candidates,
)

N_CANDIDATES = 9
NO_ERRORS = ClassErrors.none(N_CANDIDATES)
NOTHING_SCORED = pd.DataFrame()
HORIZON = 28


@pytest.fixture
def settings() -> FitSettings:
    return daily_settings()


def _first_alone(settings: FitSettings) -> FitSettings:
    alone = with_candidates(settings, settings.evaluation.candidates[0])
    assert [candidate.model for candidate in alone.evaluation.candidates] == ["pooled"]
    return alone


def test_fit_batch_does_not_depend_on_the_order_of_rows_and_candidates(settings: FitSettings) -> None:
    rows = packed_rows(random_units(12))
    candidates = ScoreBatch(settings)(rows)
    fit = FitBatch(settings, NO_ERRORS)
    shuffled = fit(rows.sample(frac=1.0, random_state=1), candidates.sample(frac=1.0, random_state=2))
    assert_same_rows(shuffled, fit(rows, candidates))


def test_fit_batch_does_not_depend_on_how_years_are_cut(settings: FitSettings) -> None:
    units = random_units(5)
    later = packed_rows(units[:, 80:])
    earlier = packed_rows(units[:, :80], CUTOFF - N_DAYS + 1)
    years = pd.concat([later, earlier], ignore_index=True)
    assert_same_rows(fit_rows_of(years, settings), fit_rows_of(packed_rows(units), settings))


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("missing", "0 rows for 1 series"),
        ("doubled", "2 rows for 1 series"),
        ("of fewer candidates", "a list of 24 numbers instead of 27"),
    ],
)
def test_fit_batch_without_each_candidate_of_each_series_once_falls_back(
    settings: FitSettings, fault: str, found: str
) -> None:
    rows = packed_rows(random_units(1))
    candidates = ScoreBatch(settings)(rows)
    if fault == "missing":
        candidates = candidates[1:]
    elif fault == "doubled":
        candidates = pd.concat([candidates, candidates])
    else:
        candidates = candidates.assign(n_obs=[values[:-3] for values in candidates["n_obs"]])
    (row,) = records(FitBatch(settings, NO_ERRORS)(rows, candidates))
    assert row["reason"].startswith(f"batch_failed: {InputError.__name__}: table candidates: found {found}")
    assert (row["status"], row["fallback_level"], row["model"]) == ("fallback", 1, "seasonal_naive")


@pytest.mark.parametrize("n_days", [1, 7, 28])
def test_history_no_longer_than_the_horizon_is_forecast(n_days: int) -> None:
    units = random_units(3)[:, -n_days:]
    made = records(fit_rows_of(packed_rows(units), daily_settings(n_days)))
    reason = f"too_few_known_days_to_judge: {n_days} known, the backtest needs 28"
    outcome = ("ok", None) if n_days == 28 else ("short_history", reason)
    assert [(row["status"], row["reason"], row["model"]) for row in made] == [(*outcome, "pooled")] * 3
    for row, sold in zip(made, units, strict=True):
        assert np.mean(row["forecast"]) == pytest.approx(sold.mean(), rel=0.3)


def test_class_does_not_choose_for_series_too_young_for_the_backtest(settings: FitSettings) -> None:
    units = random_units(2)
    errors = np.full((2, N_CANDIDATES), 2.0)
    errors[:, 6] = 1.0
    by_class = errors_of_classes(("new", ALL), errors)
    made = fit_rows_of(packed_rows([units[0, -27:], units[1, -28:]]), settings, by_class)
    keys = [candidate.key for candidate in settings.evaluation.candidates]
    assert made["model"].tolist() == [keys[0], keys[6]]


def test_choice_does_not_depend_on_the_test_window(settings: FitSettings) -> None:
    units = random_units(40)
    units[::2, ::3] = 0.0  # half of them sell rarely, by a narrow margin
    wild, steady = units.copy(), units.copy()
    wild[:, -28:] = np.where(np.arange(40)[:, np.newaxis] % 3 == 0, 0.0, 50.0)
    steady[:, -28:] = 1.0
    classes = ("smooth", "intermittent", "erratic", "lumpy", "new", ALL)
    errors = 1.0 - np.eye(N_CANDIDATES)[: len(classes)] / 2  # each class would choose another candidate
    by_class = errors_of_classes(classes, errors)
    one, other = (fit_rows_of(packed_rows(sold), settings, by_class) for sold in (wild, steady))
    names = ["model", "runner_up", "margin", "choice_level"]
    assert_same_rows(one[names], other[names])
    assert one["demand_class"].tolist() != other["demand_class"].tolist()


def test_fit_batch_with_one_candidate_needs_no_scores(settings: FitSettings) -> None:
    rows = packed_rows(random_units(3))
    made = FitBatch(_first_alone(settings), ClassErrors.none(1))(rows, NOTHING_SCORED)
    assert made["model"].tolist() == ["pooled"] * 3
    assert made["choice_level"].tolist() == ["default"] * 3
    assert made["batch"].tolist() == [BATCH] * 3


def test_fit_batch_keeps_a_series_whose_rows_cannot_be_read(settings: FitSettings) -> None:
    """A day far after the cutoff breaks its array; the other series are forecast as without it."""
    units = random_units(3)
    first = CUTOFF - N_DAYS + 1
    made = records(fit_rows_of(packed_rows(units, [first, CUTOFF + 5_000, first]), settings))
    intact = records(fit_rows_of(packed_rows(units), settings))
    assert [row["product_id"] for row in made] == ["p00", "p01", "p02"]
    assert [row["status"] for row in made] == ["ok", "fallback", "ok"]
    assert made[1]["reason"].startswith("batch_failed: ValueError: ")
    assert made[1]["forecast"].tolist() == [0.0] * HORIZON
    for position in (0, 2):
        np.testing.assert_allclose(made[position]["forecast"], intact[position]["forecast"], rtol=1e-9)


def test_fit_batch_that_was_given_up_uses_fallbacks_alone(settings: FitSettings) -> None:
    units = random_units(2)
    made = records(FitBatch(settings, NO_ERRORS, "the worker died")(packed_rows(units), NOTHING_SCORED))
    for row, sold in zip(made, units, strict=True):
        assert (row["status"], row["fallback_level"]) == ("fallback", 1)
        assert (row["reason"], row["model"]) == ("batch_failed: the worker died", "seasonal_naive")
        assert row["forecast"].tolist() == np.tile(sold[-7:], 4).tolist()
        assert row["n_obs"].tolist() == []


def test_outlier_is_damped_for_models(settings: FitSettings) -> None:
    units = random_units(3)
    spiked = units.copy()
    spiked[1, 150] = 5e6
    before, after = (records(fit_rows_of(packed_rows(one), settings))[1] for one in (units, spiked))
    assert np.mean(after["forecast"]) == pytest.approx(np.mean(before["forecast"]), rel=0.3)
    off = daily_settings(panel={"damp_spikes": False})
    assert not off.damp_outliers
    undamped = records(fit_rows_of(packed_rows(spiked), off))[1]
    assert np.mean(undamped["forecast"]) > 1_000.0


def test_pools_reach_the_model_in_both_passes(settings: FitSettings) -> None:
    rows = packed_rows(random_units(30))
    alone = _first_alone(settings)
    shared = replace(alone, pools=pools_of(rows, settings))
    fits = [FitBatch(given, ClassErrors.none(1))(rows, NOTHING_SCORED) for given in (shared, alone)]
    assert (fits[0]["forecast_hash"] != fits[1]["forecast_hash"]).all()
    scores = [np.stack(ScoreBatch(given)(rows)["sse"]) for given in (shared, alone)]
    assert (scores[0] != scores[1]).all()
