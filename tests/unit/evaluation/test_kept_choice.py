"""Runs between two refits: which series keep their candidate, and what they forecast with it."""

from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.backtest import score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.kept_choice import KeptChoice, forecast_keeping
from lepton_spark.evaluation.portfolios import STANDARD, Portfolio
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.models.data.history import History
from tests.unit.evaluation.batches import HORIZON, LINE, MEAN, N_DAYS, NAIVE, SETTINGS, history_of

CHOICE = replace(SETTINGS, candidates=(MEAN, NAIVE, LINE))


def _full(history: History) -> tuple[BatchForecast, ClassErrors]:
    scores = score_candidates(history, {}, CHOICE)
    validation = scores.sums.map(lambda sums: sums[:, CHOICE.validation])
    errors = class_errors(validation, scores.demand_class)
    own = ValidationErrors(validation.n_obs, validation.sse)
    return forecast_batch(history, {}, CHOICE, own, errors), errors


def _quantity(n_days: int = N_DAYS) -> np.ndarray:
    """A steady series, one with a strong week, one of fractions and one that is no longer sold."""
    random = np.random.default_rng(3)
    days = np.arange(n_days)
    steady = random.poisson(9.0, n_days)
    weekly = random.poisson(np.where(days % 7 == 5, 60.0, 4.0))
    fractions = random.gamma(8.0, 0.4, n_days)
    gone = np.where(days < 2, 5.0, 0.0)
    return np.stack([steady, weekly, fractions, gone]).astype(float)


def _no_scores(made: BatchForecast) -> list[bool]:
    return (made.chosen.sums.n_obs.sum(axis=0) == 0).tolist()


def test_series_that_keep_their_candidate_are_forecast_as_by_the_refit() -> None:
    history = history_of(_quantity())
    full, errors = _full(history)
    daily = forecast_keeping(history, {}, CHOICE, KeptChoice.of(full), errors)
    assert full.status.tolist() == ["ok", "ok", "ok", "obsolete"]
    assert _no_scores(daily) == [True] * 4
    np.testing.assert_array_equal(daily.forecast, full.forecast)
    np.testing.assert_array_equal(daily.quantiles, full.quantiles)
    assert daily.models == full.models
    assert daily.runner_up.keys == full.runner_up.keys
    np.testing.assert_array_equal(daily.dispersion, full.dispersion)
    np.testing.assert_array_equal(daily.sum_dispersion, full.sum_dispersion)
    assert daily.quantile_method.tolist() == full.quantile_method.tolist()


def test_later_days_change_the_forecast_and_not_the_model() -> None:
    full, errors = _full(history_of(_quantity()))
    later = history_of(np.hstack([_quantity(), np.full((4, 1), 30.0) * [[1], [0], [1], [0]]]))
    daily = forecast_keeping(later, {}, CHOICE, KeptChoice.of(full), errors)
    assert daily.models == full.models
    assert (daily.forecast[0] > full.forecast[0]).all()


def test_new_series_choose_anew() -> None:
    history = history_of(_quantity())
    full, errors = _full(history)
    is_known = np.array([True, False, True, False])
    kept = KeptChoice.of(full)
    spread = replace(kept.spread, dispersion=np.where(is_known, kept.spread.dispersion, 99.0))
    daily = forecast_keeping(history, {}, CHOICE, replace(kept, is_known=is_known, spread=spread), errors)
    assert _no_scores(daily) == [True, False, True, False]
    np.testing.assert_array_equal(daily.forecast, full.forecast)
    np.testing.assert_array_equal(daily.quantiles, full.quantiles)
    np.testing.assert_array_equal(daily.chosen.sums.sse[:, [1]], full.chosen.sums.sse[:, [1]])
    assert daily.chosen.keys[1] == full.chosen.keys[1]


@pytest.mark.parametrize(
    ("row", "day"),
    [pytest.param(0, 4.5, id="fractions"), pytest.param(3, 7.0, id="sold again")],
)
def test_changed_series_choose_anew(row: int, day: float) -> None:
    full, errors = _full(history_of(_quantity()))
    new_day = _quantity()[:, -1:]
    new_day[row] = day
    later = history_of(np.hstack([_quantity(), new_day]))
    daily = forecast_keeping(later, {}, CHOICE, KeptChoice.of(full), errors)
    assert np.flatnonzero(~np.array(_no_scores(daily))).tolist() == [row]


def test_an_obsolete_series_with_a_planned_level_chooses_anew() -> None:
    history = history_of(_quantity())
    full, errors = _full(history)
    weight = np.zeros((4, HORIZON))
    weight[3] = 0.5
    prior = Prior(np.array([np.nan, np.nan, np.nan, 8.0]), weight)
    daily = forecast_keeping(history, {}, CHOICE, KeptChoice.of(full), errors, prior=prior)
    assert _no_scores(daily) == [True, True, True, False]
    assert (daily.forecast[3] > 0).all()


def test_a_series_that_the_refit_forecast_by_a_fallback_chooses_anew() -> None:
    quantity = _quantity()
    quantity[1, : N_DAYS - 5] = np.nan
    full, _ = _full(history_of(quantity))
    assert full.status[1] != "ok"
    assert KeptChoice.of(full).is_known.tolist() == [True, False, True, True]


def test_series_chooses_anew_if_its_segment_lacks_the_kept_candidate() -> None:
    """The refit chose `mean` for both; one is now in a segment without it, the other in one that has it."""
    history = history_of(_quantity())
    full, errors = _full(history)
    assert full.models[:2] == (MEAN.key, MEAN.key)
    portfolios = (
        Portfolio(STANDARD, CHOICE.candidates),
        Portfolio("without", (NAIVE, LINE)),
        Portfolio("with", (NAIVE, MEAN)),
    )
    settings, kept = replace(CHOICE, portfolios=portfolios), KeptChoice.of(full)
    daily = forecast_keeping(history, {}, settings, kept, errors, segment=np.array([1, 2, 0, 0]))
    assert _no_scores(daily) == [False, True, True, True]
    assert daily.models[0] in {NAIVE.key, LINE.key}
    assert daily.models[1:] == full.models[1:]
