"""Passes A and B on weeks, without Spark: what counts weeks, what counts days, what may be seen."""

from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.config import Config
from lepton_spark.evaluation.accuracy.class_errors import ALL
from lepton_spark.forecasting.passes.pool_statistics import PoolSample
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainSample
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.calendar import Calendar, epoch_day
from tests.unit.evaluation.batches import errors_of_classes
from tests.unit.forecasting.frames import (
    CUTOFF,
    QUICK_TRAINING,
    assert_same_rows,
    fit_rows_of,
    packed_rows,
    random_units,
    records,
    with_candidates,
    with_lists,
)

N_DAYS = 60 * 7
FIRST = CUTOFF - N_DAYS + 1
HORIZON = 8
TEST_DAYS = HORIZON * 7
WEEKLY = {
    "forecast": {
        "frequency": "weekly",
        "horizon": HORIZON,
        "models": ["pooled", "shrunk_weekday", "ridge", "seasonal_naive", "mean"],
    },
    "backtest": {"validation_windows": 3, "stride": 4},
}


@pytest.fixture
def settings() -> FitSettings:
    calendar = Calendar({"all": np.arange(FIRST, CUTOFF + 1)}, CUTOFF)
    return replace(fit_settings(Config.model_validate(WEEKLY), calendar), pooled=QUICK_TRAINING)


def test_windows_are_whole_weeks_before_the_cutoff(settings: FitSettings) -> None:
    """The test window is the last 8 weeks, validation begins 16, 20 and 24 weeks before the end."""
    units = random_units(2, N_DAYS)
    weeks = [window.cutoff_offset for window in settings.evaluation.windows]
    assert weeks == [8, 16, 20, 24]
    row = records(ScoreBatch(with_candidates(settings, Candidate("zero")))(packed_rows(units)))[0]
    assert row["n_obs"].tolist() == [HORIZON] * 3
    after = [units[0, N_DAYS - 7 * ago :][:TEST_DAYS].reshape(-1, 7).sum(axis=1) for ago in weeks[1:]]
    assert row["sse"].tolist() == [(sold**2).sum() for sold in after]


def test_pools_and_trees_have_cutoffs_at_the_ends_of_weeks(settings: FitSettings) -> None:
    pools = PoolSample(settings)(packed_rows(random_units(30, N_DAYS)))
    back = [CUTOFF - epoch_day(day) for day in pools["cutoff"]]
    assert back == [7 * weeks for weeks in (8, 16, 20, 24, 0)]
    assert settings.training_days == [CUTOFF - 7 * 24, CUTOFF]


def test_trees_of_weeks_do_not_depend_on_later_days(settings: FitSettings) -> None:
    units = random_units(60, N_DAYS)
    later = units.copy()
    later[:, -TEST_DAYS:] = 1e6
    before, after = (
        TrainSample(settings)(packed_rows(one).assign(until=CUTOFF - TEST_DAYS)) for one in (units, later)
    )
    assert before["reason"].tolist() == [None] * len(before)
    assert_same_rows(after, before)


def test_choice_among_weeks_does_not_depend_on_the_test_window(settings: FitSettings) -> None:
    classes = ("smooth", "intermittent", "erratic", "lumpy", "new", ALL)
    n_candidates = len(settings.evaluation.candidates)
    each_another = 1.0 - np.eye(n_candidates)[: len(classes)] / 2
    errors = errors_of_classes(classes, each_another)
    units = random_units(40, N_DAYS)
    units[::2] *= np.repeat(np.arange(60) % 4 != 0, 7)  # a week without a sale in four: narrowly intermittent
    steady, changed = units.copy(), units.copy()
    steady[:, -TEST_DAYS:] = 1.0
    changed[:, -TEST_DAYS:] = np.where(np.arange(40)[:, np.newaxis] % 3 == 0, 0.0, 50.0)
    one, other = (fit_rows_of(packed_rows(sold), settings, errors) for sold in (steady, changed))
    assert {"series", "class"} <= set(one["choice_level"])
    names = ["model", "runner_up", "margin", "choice_level"]
    assert_same_rows(one[names], other[names])
    assert one["demand_class"].tolist() != other["demand_class"].tolist()


def test_facts_of_weekly_series_are_in_days(settings: FitSettings) -> None:
    units = random_units(2, N_DAYS)
    units[1, -14:] = 0.0
    one, other = records(fit_rows_of(packed_rows(units), settings))
    assert one["n_days_known"] == N_DAYS
    assert one["recent_quantity"] == units[0, -28:].sum()
    assert other["last_sale_day"] == CUTOFF - 14
    assert [len(one["forecast"]), len(one["quantiles"][0])] == [HORIZON, HORIZON]


@pytest.mark.parametrize(("weeks", "status"), [(25, "ok"), (26, "obsolete")])
def test_product_is_obsolete_after_180_days_of_weeks(settings: FitSettings, weeks: int, status: str) -> None:
    units = random_units(1, N_DAYS)
    units[:, -7 * weeks :] = 0.0
    assert fit_rows_of(packed_rows(units), settings)["status"].tolist() == [status]


def test_outlier_is_listed_by_the_first_day_of_its_week(settings: FitSettings) -> None:
    units = random_units(1, N_DAYS)
    units[0, 7 * 40 + 3] = 5e6
    (row,) = records(fit_rows_of(packed_rows(units), settings))
    assert row["day"].tolist() == [FIRST + 7 * 40]
    assert row["before"].tolist() == [units[0, 7 * 40 : 7 * 41].sum()]


def test_week_is_listed_as_out_of_stock_by_its_first_day(settings: FitSettings) -> None:
    units = random_units(1, N_DAYS)
    rows = with_lists(packed_rows(units), stock_outs={"p00": [FIRST + 7 * 40 + 3.0]})
    (row,) = records(fit_rows_of(rows, settings))
    assert (row["day"].tolist(), row["is_outlier"].tolist()) == ([FIRST + 7 * 40], [False])
    assert row["before"].tolist() == [units[0, 7 * 40 : 7 * 41].sum()]
    assert row["n_days_known"] == N_DAYS - 7
