"""What monitoring found, printed for people."""

from collections.abc import Mapping

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import later
from lepton_spark.language import translated as _
from lepton_spark.report.terms import class_name, state_name
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import (
    ALARM,
    CLOSED,
    OK,
    OUT_OF_STOCK,
    OUTAGE,
    PRODUCT,
    REJECTED,
    UNKNOWN,
    WATCH,
)

SHOWN = 10
"""Alarms, and segments or measures, that are printed."""

_OTHER_STATES = {
    CLOSED: later("closed"),
    OUTAGE: later("without delivered sales"),
    OUT_OF_STOCK: later("out of stock"),
    REJECTED: later("with rejected lines"),
    UNKNOWN: later("unknown"),
}


def print_monitoring(
    console: Console, warehouse: Warehouse, run_id: str, counts: Mapping[str, int], false_share: float
) -> None:
    """Prints the errors of a scored run beside its backtest's, and what is not as it was.

    counts: series by state.
    """
    rows, health = (
        warehouse.read(name).where(F.col("run_id") == F.lit(run_id)) for name in ("monitoring", "health")
    )
    shown = (F.col("segment") == "all") | F.col("segment").startswith("demand_class=")
    segments = rows.where(shown).collect()
    console.print(_error_grid(sorted(segments, key=lambda row: (row["segment"] == "all", row["segment"]))))
    unusual = [*_unusual(rows.where(F.col("segment") != PRODUCT), "segment"), *_unusual(health, "measure")]
    if unusual:
        console.print(_unusual_grid(unusual))
    n_alarms = counts.get(ALARM, 0)
    if n_alarms:
        console.print(_alarm_grid(_largest(rows)))
    expected = _("none is expected")
    if n_alarms:
        expected = _("{share} of them are expected to be false").format(share=f"{false_share:.0%}")
    found = [
        _("{n} alarms ({expected})").format(n=f"{n_alarms:,}", expected=expected),
        _("{n} products to watch").format(n=f"{counts.get(WATCH, 0):,}"),
    ]
    found += [f"{counts[state]:,} {_(name)}" for state, name in _OTHER_STATES.items() if counts.get(state)]
    paths = {name: warehouse.path(name) for name in ("monitoring", "health")}
    tables = _("{counts}. Tables: {monitoring} and {health}")
    _print_plain(console, tables.format(counts=_(", ").join(found), **paths))


def _unusual(rows: DataFrame, name: str) -> list[Row]:
    """Subject, state, since and reason of what is neither ok nor unknown, the worst first."""
    found = rows.where(~F.col("state").isin(OK, UNKNOWN)).select(
        F.col(name).alias("subject"), "state", "since", "reason"
    )
    in_order = found.orderBy(F.col("state") == WATCH, "subject").limit(SHOWN)
    return in_order.collect()


def _unusual_grid(rows: list[Row]) -> Grid:
    grid = Grid("", _("state"), _("since"), "", title=_("Not as in earlier periods"), title_justify="left")
    for row in rows:
        since = "-" if row["since"] is None else str(row["since"])
        grid.add_row(row["subject"], _state(row["state"]), since, row["reason"])
    return grid


def _state(state: str) -> str:
    """The state by its name in another language, else as it is stored."""
    name = state_name(state)
    return state if name == state.replace("_", " ") else name


def _largest(rows: DataFrame) -> list[Row]:
    """The alarms that are off by most units."""
    alarms = rows.where((F.col("segment") == PRODUCT) & (F.col("state") == ALARM))
    off = F.abs(F.col("actual") - F.col("forecast"))
    found: list[Row] = alarms.orderBy(off.desc(), "product_id", "location_id").limit(SHOWN).collect()
    return found


def _error_grid(segments: list[Row]) -> Grid:
    title = _("Forecasts against sales")
    if segments:
        title = _("Forecasts of {cutoff} against the sales up to {day}")
        title = title.format(cutoff=segments[0]["cutoff"], day=segments[0]["last_day"])
    grid = Grid(_("demand class"), title=title, title_justify="left")
    ratios_of = (_("WAPE"), _("backtest WAPE"), _("bias"), _("within p10-p90"), _("value added"))
    for name in (_("products"), *ratios_of):
        grid.add_column(name, justify="right")
    for row in segments:
        ratios = (row["wape"], row["backtest_wape"])
        grid.add_row(
            _("all") if row["segment"] == "all" else class_name(row["segment"].removeprefix("demand_class=")),
            f"{row['n_series']:,}",
            *(_per_cent(value) for value in ratios),
            "-" if row["bias"] is None else f"{row['bias']:+.1%}",
            _per_cent(row["coverage"]),
            _per_cent(row["value_added"]),
        )
    return grid


def _alarm_grid(alarms: list[Row]) -> Grid:
    grid = Grid(_("product"), _("location"), "", title_justify="left")
    grid.title = _("Alarms that are off by most units")
    for row in alarms:
        grid.add_row(row["product_id"], row["location_id"], row["reason"])
    return grid


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
