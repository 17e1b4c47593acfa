"""Overrides by planners, printed for people: what they change, and whether they were right."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import translated as _
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables import Warehouse

SHOWN = 5
"""Overrides that are printed."""

_SUMS = ("forecast", "model_forecast", "actual", "abs_error", "model_abs_error")


def print_overrides(console: Console, warehouse: Warehouse) -> None:
    """Prints how many of the published forecasts are overridden; nothing if none is."""
    if not warehouse.exists("applied_overrides"):
        return
    latest = warehouse.read("latest_forecasts").where(F.col("override_id").isNotNull())
    row = latest.agg(
        F.count("*").alias("n"),
        F.count_distinct("override_id").alias("n_overrides"),
        F.sum("forecast").alias("forecast"),
        F.sum("model_forecast").alias("model_forecast"),
    ).first()
    if row is not None and row["n"]:
        _print_plain(
            console,
            _("{overrides} overrides change {n} forecasts, in total from {before} to {after} units.").format(
                overrides=f"{row['n_overrides']:,}",
                n=f"{row['n']:,}",
                before=f"{row['model_forecast']:,.1f}",
                after=f"{row['forecast']:,.1f}",
            ),
        )


def print_override_scores(console: Console, warehouse: Warehouse, run_id: str) -> None:
    """Prints whether the overrides of a scored period came closer to the sales than the model.

    Nothing if there was none. An override of several locations is judged by all of them together.
    """
    if not warehouse.exists("override_scores"):
        return
    rows = warehouse.read("override_scores").where((F.col("run_id") == F.lit(run_id)) & (F.col("n_obs") > 0))
    if rows.isEmpty():
        return
    scored = _by_override(rows).persist()
    try:
        _print_counts(console, scored)
        console.print(_grid(scored))
    finally:
        scored.unpersist()


def _by_override(rows: DataFrame) -> DataFrame:
    """`saved`: units by which the absolute error is lower than the model's; above 0 the override helped."""
    sums = (ordered_sum(F.col(name)).alias(name) for name in _SUMS)
    days = F.sum("n_obs").alias("n_obs")
    by_id = rows.groupBy("override_id", "product_id").agg(F.max("why").alias("why"), days, *sums)
    return by_id.withColumn("saved", F.col("model_abs_error") - F.col("abs_error"))


def _print_counts(console: Console, scored: DataFrame) -> None:
    row = scored.agg(
        F.count("*").alias("n"),
        F.count_if(F.col("saved") > 0).alias("closer"),
        F.count_if(F.col("saved") < 0).alias("further"),
        ordered_sum(F.col("saved")).alias("saved"),
    ).first()
    if row is not None:
        text = _(
            "{n} overrides: {closer} closer to the sales than the model, {further} further off; "
            "together they saved {units} units of error."
        )
        if row["saved"] < 0:
            text = _(
                "{n} overrides: {closer} closer to the sales than the model, {further} further off; "
                "together they cost {units} units of error."
            )
        counts = {name: f"{row[name]:,}" for name in ("n", "closer", "further")}
        _print_plain(console, text.format(**counts, units=f"{abs(row['saved']):,.1f}"))


def _grid(scored: DataFrame) -> Grid:
    grid = Grid(title=_("Overrides with most effect, in units"), title_justify="left")
    grid.add_column(_("product"))
    for name in (_("days"), _("model"), _("override"), _("sold"), _("error saved")):
        grid.add_column(name, justify="right")
    grid.add_column(_("why"))
    largest = scored.orderBy(F.desc(F.abs("saved")), "product_id", "override_id").limit(SHOWN)
    for row in largest.collect():
        numbers = (row["model_forecast"], row["forecast"], row["actual"])
        grid.add_row(
            row["product_id"],
            f"{row['n_obs']:,}",
            *(f"{number:,.1f}" for number in numbers),
            f"{row['saved']:+,.1f}",
            row["why"] or "",
        )
    return grid


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
