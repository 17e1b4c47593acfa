"""What other locations sold, from packed rows; and that it changes nothing where there are none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.passes import elsewhere
from lepton_spark.forecasting.passes.elsewhere import ProductGroup
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.calendar import Calendar
from tests.unit.forecasting.frames import (
    BATCH,
    CUTOFF,
    N_DAYS,
    QUICK_TRAINING,
    assert_same_rows,
    daily_settings,
    fit_rows_of,
    packed_rows,
    pools_of,
    trees_of,
)


@pytest.fixture(scope="module")
def settings() -> FitSettings:
    made = daily_settings(
        forecast={"horizon": 7, "models": ["pooled", "shrunk_weekday"]},
        backtest={"validation_windows": 2, "stride": 7},
    )
    days = np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)
    places = Calendar(dict.fromkeys(("all", "east", "west"), days), CUTOFF)
    return replace(made, calendar=places, pooled=QUICK_TRAINING)


def at(rows: pd.DataFrame, products: list[str], locations: list[str]) -> pd.DataFrame:
    return rows.assign(product_id=products, location_id=locations)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Forty sparse products in two places each, sorted by key."""
    units = np.random.default_rng(5).poisson(0.3, (80, N_DAYS)).astype(np.float64)
    units[:, 0] = 1.0
    return at(packed_rows(units), [f"p{n // 2:02d}" for n in range(80)], ["east", "west"] * 40)


def with_elsewhere(rows: pd.DataFrame, lists: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([rows.astype(object), lists.assign(batch=BATCH)], ignore_index=True)
    return both.where(both.notna(), None).astype({"batch": np.int32, "first_day": np.float64})


def forecasts(rows: pd.DataFrame, settings: FitSettings) -> pd.DataFrame:
    trees = trees_of(rows, settings, *settings.training_days)
    return fit_rows_of(rows, replace(settings, pools=with_trees(pools_of(rows, settings), trees)))


def test_only_products_at_several_locations_get_lists(settings: FitSettings) -> None:
    rows = at(packed_rows(np.ones((3, 14))), ["a", "a", "b"], ["east", "west", "east"])
    lists = ProductGroup(settings)(rows)
    assert lists[["product_id", "location_id"]].values.tolist() == [["a", "east"], ["a", "west"]]
    assert lists["elsewhere"].iloc[0].tolist() == [7.0, 7.0, 7.0, 7.0]


def test_products_at_one_location_each_are_forecast_to_the_bit_as_before(
    settings: FitSettings, rows: pd.DataFrame
) -> None:
    alone = rows.assign(product_id=[f"p{n:02d}" for n in range(80)])
    lists = ProductGroup(settings)(alone)
    assert lists.empty
    assert_same_rows(forecasts(with_elsewhere(alone, lists), settings), forecasts(alone, settings))


def test_forecasts_use_what_other_locations_sold(settings: FitSettings, rows: pd.DataFrame) -> None:
    lists = ProductGroup(settings)(rows)
    together = forecasts(with_elsewhere(rows, lists), settings)
    alone = forecasts(rows, settings)
    assert len(together) == len(alone) == 80
    assert not set(together["forecast_hash"]) & set(alone["forecast_hash"])


def test_lists_of_past_weeks_do_not_change_with_later_days(settings: FitSettings, rows: pd.DataFrame) -> None:
    later = rows.assign(quantity=[np.concatenate([row[:-21], row[-21:] + 7.0]) for row in rows["quantity"]])
    before, after = ProductGroup(settings)(rows), ProductGroup(settings)(later)
    for one, other in zip(before["elsewhere"], after["elsewhere"], strict=True):
        weeks = len(one) // 2
        assert one[: weeks - 3].tolist() == other[: weeks - 3].tolist()
        assert one[weeks - 3] != other[weeks - 3]


def test_product_that_raises_gets_no_lists_and_others_keep_theirs(
    settings: FitSettings, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ProductGroup(settings)(rows[rows["product_id"] != "p03"])

    def raises_for_p03(batch: pd.DataFrame) -> object:
        if (batch["product_id"] == "p03").any():
            raise ValueError("p03")
        return packed_batch(batch)

    monkeypatch.setattr(elsewhere, "packed_batch", raises_for_p03)
    assert_same_rows(ProductGroup(settings)(rows), expected.reset_index(drop=True))
