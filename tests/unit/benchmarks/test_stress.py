"""The stress cases that take seconds hold their bounds; `make bench-stress` runs them all."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stress_parts.cases import CASES
from stress_parts.changes import four_stores, moved_weekday, ten_closed_weeks
from stress_parts.comparison import Sample
from stress_parts.dates import shop_open_on
from stress_parts.figures import Figure
from stress_parts.shop import Shop


@pytest.mark.parametrize(
    "case",
    [
        "small_catalogue",
        pytest.param("seasonal_goods", marks=pytest.mark.slow),
        pytest.param("fractions", marks=pytest.mark.slow),
    ],
)
def test_figures_of_a_case_are_within_their_bounds(case: str) -> None:
    outside = [figure for figure in CASES[case](1) if not figure.passed]
    assert outside == []


def test_figure_passes_within_its_bounds_only() -> None:
    passed = [Figure("f", value, 0.9, 1.1).passed for value in (0.89, 0.9, 1.1, 1.11)]
    assert passed == [False, True, True, False]


def test_a_shop_is_forecast_like_a_run() -> None:
    """A Poisson shop that is open on six days: the closed day is forecast 0, and the total is right."""
    rates = np.tile([6.0, 6, 6, 6, 6, 6, 0], 22)[: 126 + 28] * np.ones((30, 1))
    result = Shop(np.random.default_rng(1).poisson(rates).astype(np.float64)).result
    assert result.actual.shape == (30, 28)
    assert result.closed[:, 6::7].all()
    assert not result.batch.forecast[:, 6::7].any()
    assert result.total_ratio == pytest.approx(1.0, abs=0.1)
    assert result.coverage(0.1, 0.9) > 0.75


def error_of(sample: Sample) -> float:
    """The error of the only group of a shop."""
    (group,) = sample.groups.values()
    return sample.error(sample.shop.result.batch.forecast, group)


def error_of_best_rule(sample: Sample) -> float:
    """The same of the best simple rule."""
    (group,) = sample.groups.values()
    return min(sample.error(forecast, group) for forecast in sample.rule_forecasts.values())


@pytest.mark.parametrize(
    "draw",
    [
        partial(moved_weekday, n_weeks=3, n_series=30),
        partial(shop_open_on, before="0123456", now="012345", n_weeks=3, n_series=30),
        pytest.param(partial(ten_closed_weeks, n_after=21, factor=0.5), marks=pytest.mark.slow),
    ],
    ids=["moved weekday", "no longer on Sundays", "half after closed weeks"],
)
def test_changes_are_followed_much_better_than_by_any_simple_rule(
    draw: Callable[[np.random.Generator], Sample],
) -> None:
    sample = draw(np.random.default_rng(1))
    assert error_of(sample) < 0.7 * error_of_best_rule(sample)


def test_store_that_opens_again_after_ten_weeks_is_forecast_as_before() -> None:
    sample = four_stores(np.random.default_rng(1), n_closed=70, n_open=3, n_products=8)
    result, last_store = sample.shop.result, slice(24, None)
    assert not result.closed[last_store].any()
    assert result.batch.forecast[last_store].sum() == pytest.approx(
        sample.rates[last_store, -28:].sum(), rel=0.2
    )


def forecast_of_case(folder: Path) -> dict[str, float]:
    """Units forecast for 28 days ahead by product, from the file of a case with columns date, sku, qty."""
    (file,) = (folder / "in").glob("*.csv")
    sales = pd.read_csv(file, parse_dates=["date"])
    table = sales.pivot_table(index="sku", columns="date", values="qty", aggfunc="sum")
    days = pd.date_range(sales["date"].min(), sales["date"].max() + pd.Timedelta(days=28))
    units = table.reindex(columns=days).fillna(0.0).to_numpy()
    result = Shop(units, cutoff=sales["date"].max().date()).result
    return dict(zip(table.index, result.batch.forecast.sum(axis=1), strict=True))


def test_goods_of_one_season_are_forecast_before_it_and_stopped_goods_are_not(shared_cases: Path) -> None:
    units = forecast_of_case(shared_cases / "25-season-and-stopped")
    assert units["XMAS-TREE"] == pytest.approx(480.0, rel=0.1)
    assert max(units[name] for name in ("STOPPED-60", "STOPPED-100", "STOPPED-150", "ICECREAM")) < 1.0


def test_a_barcode_scanned_as_a_quantity_is_damped(shared_cases: Path) -> None:
    assert forecast_of_case(shared_cases / "26-barcode-as-quantity")["TYPO"] == pytest.approx(140.0, rel=0.25)
