"""Passes A and B on weeks, without Spark: what counts weeks, what counts days, what may be seen."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from lepton_spark.config import Config
from lepton_spark.evaluation.selection import ALL, ClassTable
from lepton_spark.forecasting.arrow import lists
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import ShareBatch
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainBatch
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.panel.calendar import Calendar, epoch_day

N_DAYS = 60 * 7
CUTOFF = 19_001  # a Sunday
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


def of_days(days: list[int]) -> FitSettings:
    return fit_settings(Config.model_validate(WEEKLY), Calendar({"all": np.array(days)}, CUTOFF))


@pytest.fixture
def settings() -> FitSettings:
    return of_days(list(range(FIRST, CUTOFF + 1)))


def units_of(n_series: int) -> np.ndarray:
    return np.random.default_rng(7).poisson(4.0, (n_series, N_DAYS)).astype(np.float64) + 1.0


def packed(units: np.ndarray) -> pa.Table:
    n_series = len(units)
    return pa.table(
        {
            "batch": pa.array([3] * n_series, type=pa.int32()),
            "product_id": [f"p{n:02d}" for n in range(n_series)],
            "location_id": ["all"] * n_series,
            "first_day": pa.array([FIRST] * n_series, type=pa.int32()),
            "quantity": lists(np.ascontiguousarray(units)),
        }
    )


def fit_both(units: np.ndarray, settings: FitSettings) -> pa.Table:
    rows = packed(units)
    return FitBatch(settings, no_class_table(len(settings.candidates)))(rows, ScoreBatch(settings)(rows))


def test_windows_are_whole_weeks_before_the_cutoff(settings: FitSettings) -> None:
    """The test window is the last 8 weeks, validation begins 16, 20 and 24 weeks before the end."""
    units = units_of(2)
    scored = ScoreBatch(settings)(packed(units))["windows"].to_pylist()[0]
    ends = [N_DAYS - 7 * weeks for weeks in (8, 16, 20, 24)]
    assert [window["n_obs"] for window in scored] == [HORIZON] * 4
    assert [window["sum_actual"] for window in scored] == [
        units[0, end : end + TEST_DAYS].sum() for end in ends
    ]


def test_pools_and_trees_stand_at_ends_of_weeks(settings: FitSettings) -> None:
    pools = ShareBatch(settings)(packed(units_of(30))).to_pylist()
    back = [CUTOFF - epoch_day(row["cutoff"]) for row in pools]
    assert back == [7 * weeks for weeks in (8, 16, 20, 24, 0)]
    assert settings.training_days == [CUTOFF - 7 * 24, CUTOFF]


def test_trees_of_weeks_see_no_later_day(settings: FitSettings) -> None:
    units = units_of(60)
    until = pa.array([CUTOFF - TEST_DAYS] * 60, type=pa.int32())
    changed = units.copy()
    changed[:, -TEST_DAYS:] = 1e6
    before, after = (
        TrainBatch(settings)(packed(one).append_column("until", until)) for one in (units, changed)
    )
    assert before["reason"].to_pylist()[0] is None
    assert after.equals(before)


def test_choice_among_weeks_does_not_see_the_test_window(settings: FitSettings) -> None:
    classes = ("smooth", "intermittent", "erratic", "lumpy", "new", ALL)
    n_candidates = len(settings.candidates)
    each_another = 1.0 - np.eye(n_candidates)[: len(classes)] / 2
    many = np.full(each_another.shape, 99.0)
    table = ClassTable(classes, each_another, many)
    units = units_of(40)
    units[::2] *= np.repeat(np.arange(60) % 4 != 0, 7)  # a week without a sale in four: narrowly intermittent
    steady, changed = units.copy(), units.copy()
    steady[:, -TEST_DAYS:] = 1.0
    changed[:, -TEST_DAYS:] = np.where(np.arange(40)[:, np.newaxis] % 3 == 0, 0.0, 50.0)
    rows = [packed(one) for one in (steady, changed)]
    made = [FitBatch(settings, table)(one, ScoreBatch(settings)(one)) for one in rows]
    assert {"series", "class"} <= set(made[0]["choice_level"].to_pylist())
    for name in ("model", "runner_up", "margin", "choice_level"):
        assert made[0][name].to_pylist() == made[1][name].to_pylist()
    assert made[0]["demand_class"].to_pylist() != made[1]["demand_class"].to_pylist()


def test_facts_of_weeks_speak_of_days(settings: FitSettings) -> None:
    units = units_of(2)
    units[1, -14:] = 0.0
    one, other = fit_both(units, settings).to_pylist()
    assert one["n_days_known"] == N_DAYS
    assert one["recent_quantity"] == units[0, -28:].sum()
    assert epoch_day(other["last_sale"]) == CUTOFF - 14
    assert [len(one["forecast"]), len(one["quantiles"][0])] == [HORIZON, HORIZON]


def test_a_week_ahead_is_closed_when_all_its_days_are() -> None:
    """A shop that never opens on Saturdays opens every week; one that stopped delivering opens in none."""
    days = list(range(FIRST, CUTOFF + 1))
    no_saturdays = of_days([day for day in days if (day + 3) % 7 != 5])
    assert no_saturdays.calendar.is_closed(["all"], 7).any()
    assert not no_saturdays.closed_ahead(["all"]).any()
    stopped = of_days(days[:-TEST_DAYS])
    assert stopped.closed_ahead(["all"]).tolist() == [[True] * HORIZON]


@pytest.mark.parametrize(("days", "weeks"), [(28, 4), (29, 5), (180, 26), (1, 1)])
def test_least_days_are_at_least_so_many_in_weeks(settings: FitSettings, days: int, weeks: int) -> None:
    assert settings.columns(days) == weeks
    assert replace(settings, period=1).columns(days) == days


@pytest.mark.parametrize(("weeks", "status"), [(25, "ok"), (26, "obsolete")])
def test_a_product_is_obsolete_after_180_days_of_weeks(
    settings: FitSettings, weeks: int, status: str
) -> None:
    units = units_of(1)
    units[:, -7 * weeks :] = 0.0
    assert fit_both(units, settings)["status"].to_pylist() == [status]


def test_a_spike_is_named_by_the_first_day_of_its_week(settings: FitSettings) -> None:
    units = units_of(1)
    units[0, 7 * 40 + 3] = 5e6
    ((spike,),) = fit_both(units, settings)["adjustments"].to_pylist()
    assert epoch_day(spike["date"]) == FIRST + 7 * 40
    assert spike["before"] == units[0, 7 * 40 : 7 * 41].sum()
