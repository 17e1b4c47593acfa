"""Pool statistics of a sample of series, over frames."""

import numpy as np
import pandas as pd
import pytest

from lepton_spark.forecasting.passes.pool_statistics import PoolSample, pools_by_day
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.panel.calendar import epoch_day
from tests.unit.forecasting.frames import (
    CUTOFF,
    assert_same_rows,
    daily_settings,
    packed_rows,
    pools_of,
    random_units,
    records,
)


@pytest.fixture
def settings() -> FitSettings:
    return daily_settings()


def test_pools_of_a_cutoff_do_not_depend_on_later_days(settings: FitSettings) -> None:
    units = random_units(30)
    later = units.copy()
    later[:, -28:] *= np.arange(28.0)
    before, after = (PoolSample(settings)(packed_rows(one)) for one in (units, later))
    days = [window.cutoff_offset for window in settings.evaluation.windows]
    assert [epoch_day(day) for day in before["cutoff"]] == [*(CUTOFF - offset for offset in days), CUTOFF]
    assert before["n_series"].tolist() == [30] * 5
    assert_same_rows(after[:-1], before[:-1])  # the test window's cutoff is 28 days before the run's
    assert (after["weekday_index"].iloc[-1] != before["weekday_index"].iloc[-1]).any()


def test_pools_do_not_depend_on_the_order_of_rows(settings: FitSettings) -> None:
    rows = packed_rows(random_units(30))
    assert_same_rows(PoolSample(settings)(rows.sample(frac=1.0, random_state=1)), PoolSample(settings)(rows))


def test_pools_leave_out_cutoffs_before_the_first_day(settings: FitSettings) -> None:
    pools = PoolSample(settings)(packed_rows(random_units(5, 60)))
    assert [CUTOFF - epoch_day(day) for day in pools["cutoff"]] == [28, 56, 0]


def test_pools_have_the_weekday_index_of_the_series(settings: FitSettings) -> None:
    """Seven series sell twice as much on one weekday as on others: 2 / (8 / 7) of their level."""
    units = np.full((7, 200), 50.0)
    units[:, -1::-7] = 100.0  # the cutoff is a Sunday
    index = pools_of(packed_rows(units), settings)[CUTOFF].index
    np.testing.assert_allclose(index[0, :, 0], [7 / 8] * 6 + [14 / 8], rtol=0.01)


def test_pools_of_rows_that_cannot_be_read_have_a_reason(settings: FitSettings) -> None:
    rows = packed_rows(random_units(1), first_day=[CUTOFF + 5_000])
    (row,) = records(PoolSample(settings)(rows))
    assert (epoch_day(row["cutoff"]), row["n_series"], row["weekday_index"]) == (CUTOFF, 1, None)
    assert "Error: " in row["reason"]
    assert pools_by_day([row], settings.pooled) == {}


def test_pools_that_were_given_up_have_the_reason(settings: FitSettings) -> None:
    years = pd.concat([packed_rows(random_units(30)), packed_rows(random_units(30), CUTOFF - 999)])
    (row,) = records(PoolSample(settings, "the worker died")(years))
    assert (row["n_series"], row["log_dispersion"], row["reason"]) == (30, None, "the worker died")
    assert (row["public_days"], row["year_weeks"]) == (None, None)
    assert pools_by_day([row], settings.pooled) == {}
