"""Simulate stock on the public sets: service reached, and stock at equal service beside the usual practice.

`python benchmarks/inventory.py --sets journey`. Once a week an order is made up to a level that a forecast of
that day gives (600 products, lead time and review period a week); 28 days warm the stock up and 126 are
counted. Every method uses the same means. The usual practice is a normal distribution with the daily error of
the backtest times the square root of the days. Demand is what was sold. 90 % intervals draw whole weeks.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import add_set_arguments, find_sources, load_panel
from accuracy_parts.results import write_csv
from inventory_parts.chart import write_chart
from inventory_parts.forecasts import Forecasts, weekly_forecasts
from inventory_parts.levels import (
    LEPTON_P1,
    LEPTON_P2,
    METHODS,
    USUAL_P1,
    USUAL_P2,
    Interval,
    planned,
)
from inventory_parts.service import Service, all_weeks, draws, service_of, standard_error, stock_at
from inventory_parts.simulation import simulate

TARGETS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.9995, 1 - 1e-5, 1 - 1e-7)
SHOWN = (0.9, 0.95, 0.98)
INTERVAL = Interval()
PAIRS = {"cycle service": (LEPTON_P1, USUAL_P1), "fill rate": (LEPTON_P2, USUAL_P2)}
Row = Mapping[str, object]
Curves = Mapping[str, Sequence[Service]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    parser.add_argument("--csv", type=Path, help="also write the exchange curves")
    parser.add_argument("--chart", type=Path, help="also draw them as SVG (needs the peers extra)")
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    points: list[Row] = []
    for name in arguments.sets:
        forecasts = weekly_forecasts(load_panel(name, sources, arguments.cache), arguments.cache)
        for lost_sales in (False, True):
            title = f"{name}, {'lost sales' if lost_sales else 'backorders'}"
            curves = simulated(forecasts, lost_sales=lost_sales)
            print_rows(f"{title}: days of stock at an achieved fill rate", list(exchange(curves)), 160)
            classes = groups(forecasts)
            print_rows(f"{title}: achieved service", list(achieved(curves, classes)), 160)
            points += curve_points(title, curves)
    if arguments.csv:
        write_csv(points, arguments.csv)
    if arguments.chart:
        write_chart(points, arguments.chart)


def simulated(forecasts: Forecasts, *, lost_sales: bool) -> Curves:
    """The service of every method at every target."""

    def one(method: str, target: float) -> Service:
        plan = planned(forecasts, INTERVAL, method, target, lost_sales=lost_sales)
        course = simulate(
            plan.level,
            forecasts.sold,
            lead_time=INTERVAL.lead_time,
            review_period=INTERVAL.review_period,
            lost_sales=lost_sales,
        )
        return service_of(course, forecasts.sold, plan, INTERVAL)

    return {method: [one(method, target) for target in TARGETS] for method in METHODS}


def exchange(curves: Curves) -> Iterator[Row]:
    """Days of stock at equal achieved fill rates, and the difference to the usual practice in per cent."""
    for by_product in (False, True):
        for fill in SHOWN:
            row: dict[str, object] = {"weighted": "products" if by_product else "units", "fill rate": fill}
            for measure, (lepton, usual) in PAIRS.items():
                pair = (curves[lepton], curves[usual])
                weeks = all_weeks(pair[0][0])
                days = [stock_at(curve, fill, weeks, by_product=by_product) for curve in pair]
                row[f"lepton, {measure}"], row[f"usual, {measure}"] = map(_cell, days)
                row[f"% with {measure}"] = _change(pair, fill, by_product=by_product)
            yield row


def _change(pair: Sequence[Sequence[Service]], fill: float, *, by_product: bool) -> str:
    """How much more stock the first curve needs than the second, with its interval."""

    def change(weeks: np.ndarray) -> float:
        lepton, usual = (stock_at(curve, fill, weeks, by_product=by_product) for curve in pair)
        return 100.0 * (lepton / usual - 1.0)

    weeks = all_weeks(pair[0][0])
    if np.isnan(change(weeks)):
        return "-"
    low, high = np.nanquantile([change(drawn) for drawn in draws(len(weeks))], [0.05, 0.95])
    return f"{change(weeks):+.1f} ({low:+.1f} to {high:+.1f})"


def _cell(days: float) -> str:
    return "not reached" if np.isnan(days) else f"{days:.2f}"


def groups(forecasts: Forecasts) -> dict[str, np.ndarray]:
    """All products, and those of each demand class."""
    classes = forecasts.demand_class
    by_class = {str(name): classes == name for name in sorted(set(classes.tolist()))}
    return {"all": np.ones(len(classes), dtype=np.bool_), **by_class}


def achieved(curves: Curves, classes: Mapping[str, np.ndarray]) -> Iterator[Row]:
    """Requested, planned and achieved service of this project's levels."""
    for target in SHOWN:
        of_fill, of_cycles = (curves[method][TARGETS.index(target)] for method in (LEPTON_P2, LEPTON_P1))
        weeks = all_weeks(of_fill)
        for name, products in classes.items():
            error = standard_error(
                lambda drawn, p=products, s=of_cycles: s.cycle_service(drawn, p), len(weeks)
            )
            yield {
                "requested": target,
                "class": name,
                "products": np.count_nonzero(products),
                "planned P2": f"{of_fill.planned_fill_rate(weeks, products):.3f}",
                "achieved P2": f"{of_fill.fill_rate(weeks, products):.3f}",
                "mean of products": f"{of_fill.mean_fill_rate(weeks, products):.3f}",
                "planned P1": f"{of_cycles.planned_cycle_service(weeks, products):.3f}",
                "achieved P1": f"{of_cycles.cycle_service(weeks, products):.3f}",
                "standard error": f"{error:.3f}",
            }


def curve_points(title: str, curves: Curves) -> list[Row]:
    """Points of the exchange curves, weighted by units."""
    return [
        {
            "set": title,
            "method": method,
            "target": target,
            "fill_rate": f"{service.fill_rate(all_weeks(service)):.4f}",
            "days_of_stock": f"{service.days_of_stock(all_weeks(service)):.3f}",
        }
        for method, services in curves.items()
        for target, service in zip(TARGETS, services, strict=True)
    ]


if __name__ == "__main__":
    main()
