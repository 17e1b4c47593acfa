"""The stress cases that take seconds hold their bounds; `make bench-stress` runs them all."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stress_parts.cases import CASES, squared_error, stores_of
from stress_parts.changes import four_stores, moved_weekday, ten_closed_weeks
from stress_parts.comparison import Sample
from stress_parts.dates import shop_open_on
from stress_parts.event_cases import BLACK_FRIDAY, figures_of
from stress_parts.figures import Figure
from stress_parts.shop import CUTOFF, Shop

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.panel.calendar import epoch_day
from lepton_spark.panel.calendar_rows import CLOSED, CalendarRow
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN


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


@pytest.mark.slow
def test_a_great_day_of_sales_is_forecast_before_on_and_after_it() -> None:
    assert [figure for figure in figures_of(BLACK_FRIDAY, seed=1, n_shops=1) if not figure.passed] == []


def test_figure_passes_within_its_bounds_only() -> None:
    passed = [Figure("f", value, 0.9, 1.1).passed for value in (0.89, 0.9, 1.1, 1.11)]
    assert passed == [False, True, True, False]


def test_other_stores_halve_the_squared_error_of_sparse_products() -> None:
    shop, rates = stores_of(seed=1, n_products=30, n_stores=20)
    alone = squared_error(replace(shop, products=None).result.batch.forecast, rates)
    assert squared_error(shop.result.batch.forecast, rates) < 0.5 * alone


def test_a_shop_is_forecast_like_a_run() -> None:
    """A Poisson shop that is open on six days: the closed day is forecast 0, and the total is right."""
    rates = np.tile([6.0, 6, 6, 6, 6, 6, 0], 22)[: 126 + 28] * np.ones((30, 1))
    result = Shop(np.random.default_rng(1).poisson(rates).astype(np.float64)).result
    assert result.actual.shape == (30, 28)
    assert result.closed[:, 6::7].all()
    assert not result.batch.forecast[:, 6::7].any()
    assert result.total_ratio == pytest.approx(1.0, abs=0.1)
    assert result.coverage(0.1, 0.9) > 0.75


def _shop(*rows: CalendarRow) -> Shop:
    """Two years and a half of thirty products, with a fair at twice the sales each spring."""
    n_days = 900
    rates = np.full((30, n_days + 28), 8.0)
    for day in FAIRS:
        rates[:, day - 5 : day + 1] *= 2.0
    units = np.random.default_rng(2).poisson(rates).astype(np.float64)
    return Shop(units, calendar=rows, config=Config(forecast=ForecastSettings(models=("shrunk_weekday",))))


FAIRS = (150, 520, 880)
FIRST_DAY = epoch_day(CUTOFF) - 899
ALWAYS = epoch_day(ALWAYS_KNOWN)


def _fairs(known_day: int = ALWAYS) -> list[CalendarRow]:
    """The fairs in the calendar; the last one is 19 days before the cutoff and was announced on a day."""
    known = (ALWAYS, ALWAYS, known_day)
    return [
        CalendarRow("*", FIRST_DAY + day, on, event="fair", before=5, after=1)
        for day, on in zip(FAIRS, known, strict=True)
    ]


def test_an_event_announced_late_affects_no_earlier_window() -> None:
    """The test window's cutoff is day 871, those of validation are earlier."""
    early, late, never = (
        _shop(*rows).result.batch.chosen.sums.sse
        for rows in (_fairs(FIRST_DAY + 871), _fairs(FIRST_DAY + 872), _fairs()[:2])
    )
    np.testing.assert_array_equal(early[1:], never[1:])
    np.testing.assert_array_equal(late, never)
    assert early[0].sum() < 0.8 * never[0].sum()


def test_past_days_of_an_event_announced_late_count_as_ordinary_in_earlier_windows() -> None:
    late = [CalendarRow("*", FIRST_DAY + day, FIRST_DAY + 872, event="sale", before=9) for day in (400, 810)]
    known, unknown = _shop(*_fairs(), *late).result, _shop(*_fairs()).result
    np.testing.assert_array_equal(known.batch.chosen.sums.sse, unknown.batch.chosen.sums.sse)
    assert (known.batch.forecast != unknown.batch.forecast).all()


def test_a_calendar_without_a_row_or_with_others_shops_changes_no_bit() -> None:
    plain = _shop().result.batch
    other = _shop(CalendarRow("elsewhere", epoch_day(CUTOFF) + 3, ALWAYS, CLOSED)).result.batch
    for name in ("forecast", "quantiles"):
        assert getattr(plain, name).tobytes() == getattr(other, name).tobytes()


def test_an_announced_closure_is_forecast_as_0_and_neither_learned_nor_scored() -> None:
    last = epoch_day(CUTOFF)
    rows = [CalendarRow("*", day, ALWAYS, CLOSED) for day in (last - 3, last + 4)]
    plain, closed = _shop().result, _shop(*rows).result
    assert not closed.batch.forecast[:, 3].any()
    assert not closed.batch.quantiles[:, 3].any()
    assert (np.delete(closed.batch.forecast, 3, axis=1) > 0).all()
    assert np.isnan(closed.history.quantity[:, -4]).all()
    n_obs = plain.batch.chosen.sums.n_obs[0], closed.batch.chosen.sums.n_obs[0]
    assert (n_obs[0] - n_obs[1] == 1).all()


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
