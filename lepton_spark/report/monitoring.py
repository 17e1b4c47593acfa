"""What monitoring found, printed for people."""

from collections.abc import Mapping

from pyspark.sql import Row
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import ALARM, PRODUCT, UNKNOWN, WATCH

SHOWN = 10
"""Alarms that are printed."""


def print_monitoring(
    console: Console, warehouse: Warehouse, run_id: str, counts: Mapping[str, int], false_share: float
) -> None:
    """Prints the errors of a scored run beside its backtest's, and the alarms with most units.

    counts: series by state.
    """
    rows = warehouse.read("monitoring").where(F.col("run_id") == F.lit(run_id))
    shown = (F.col("segment") == "all") | F.col("segment").startswith("demand_class=")
    segments = rows.where(shown).collect()
    console.print(_error_grid(sorted(segments, key=lambda row: (row["segment"] == "all", row["segment"]))))
    n_alarms = counts.get(ALARM, 0)
    if n_alarms:
        console.print(_alarm_grid(_largest(rows)))
    expected = f"{false_share:.0%} of them are expected to be false" if n_alarms else "none is expected"
    _print_plain(
        console,
        f"{n_alarms:,} alarms ({expected}), {counts.get(WATCH, 0):,} products to watch, "
        f"{counts.get(UNKNOWN, 0):,} without known sales. Table: {warehouse.path('monitoring')}",
    )


def _largest(rows: object) -> list[Row]:
    """The alarms that are off by most units."""
    alarms = rows.where((F.col("segment") == PRODUCT) & (F.col("state") == ALARM))  # type: ignore[attr-defined]
    off = F.abs(F.col("actual") - F.col("forecast"))
    found: list[Row] = alarms.orderBy(off.desc(), "product_id", "location_id").limit(SHOWN).collect()
    return found


def _error_grid(segments: list[Row]) -> Grid:
    title = "Forecasts against sales"
    if segments:
        title = f"Forecasts of {segments[0]['cutoff']} against the sales up to {segments[0]['last_day']}"
    grid = Grid("demand class", title=title, title_justify="left")
    for name in ("products", "WAPE", "backtest WAPE", "bias", "within p10-p90", "value added"):
        grid.add_column(name, justify="right")
    for row in segments:
        ratios = (row["wape"], row["backtest_wape"])
        grid.add_row(
            row["segment"].removeprefix("demand_class="),
            f"{row['n_series']:,}",
            *(_per_cent(value) for value in ratios),
            "-" if row["bias"] is None else f"{row['bias']:+.1%}",
            _per_cent(row["coverage"]),
            _per_cent(row["value_added"]),
        )
    return grid


def _alarm_grid(alarms: list[Row]) -> Grid:
    grid = Grid("product", "location", "", title="Alarms that are off by most units", title_justify="left")
    for row in alarms:
        grid.add_row(row["product_id"], row["location_id"], row["reason"])
    return grid


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
