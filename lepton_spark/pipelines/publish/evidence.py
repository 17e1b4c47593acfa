"""Evaluates the publishing gates on the tables of a run."""

from dataclasses import replace
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.forecasting.publish_gates import (
    TOTAL_FORECAST,
    VALIDATION_ERROR,
    Furthest,
    RunTables,
    collect_evidence,
    evaluate,
)
from lepton_spark.gates import Gate
from lepton_spark.panel.calendar import EPOCH
from lepton_spark.panel.series import known_at
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.publish.freshness import freshness_gate
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY


def evaluate_gates(context: JobContext, run: Run, cutoff: date, runs: RunLog) -> tuple[Gate, ...]:
    """Every gate on a complete forecast run: passed, failed or not judged."""
    horizon = run.horizon or context.config.forecast.horizon
    tables = tables_of_run(context.warehouse, run.run_id)
    evidence = collect_evidence(tables, cutoff, horizon, runs.forecast_period(run))
    gates = evaluate(evidence, context.config.gates)

    def detailed(gate: Gate) -> Gate:
        """The gate with the product that made it fail."""
        if not gate.failed:
            return gate
        if gate.name == TOTAL_FORECAST and evidence.furthest is not None:
            return replace(gate, found=f"{gate.found}; {_largest_day(tables, evidence.furthest, cutoff)}")
        if gate.name == VALIDATION_ERROR:
            metrics = context.warehouse.read("metrics").where(
                F.col("run_id") == F.lit(run.refit_run_id or run.run_id)
            )
            return replace(gate, found=f"{gate.found}{_worst_series(metrics)}")
        return gate

    return (*map(detailed, gates), freshness_gate(context))


def _worst_series(metrics: DataFrame) -> str:
    """The series whose chosen model adds most to the errors, in words; nothing if there is none."""
    error = F.col("scaled_sse")
    excess = F.sum(F.when(F.col("role") == "chosen", error).when(F.col("role") == "seasonal_naive", -error))
    by_series = metrics.where(F.col("split") == "validation").groupBy(*SERIES_KEY).agg(excess.alias("excess"))
    worst = by_series.where(F.col("excess") > 0).orderBy(F.desc("excess"), *SERIES_KEY).first()
    return "" if worst is None else f"; most by product '{worst['product_id']}' at '{worst['location_id']}'"


def _largest_day(tables: RunTables, series: Furthest, cutoff: date) -> str:
    """The day on which most of a series was sold, in words, for who looks for a typing error."""
    of_series = (F.col("product_id") == F.lit(series.product_id)) & (
        F.col("location_id") == F.lit(series.location_id)
    )
    years = known_at(tables.panel, cutoff).where(of_series)
    days = years.select("first_day", F.posexplode("quantity").alias("nth", "quantity"))
    largest = (
        days.where(F.col("quantity").isNotNull()).orderBy(F.desc("quantity"), "first_day", "nth").first()
    )
    if largest is None:
        return "no day of it is in panel"
    day = EPOCH + timedelta(days=largest["first_day"] + largest["nth"])
    return f"largest day {day} with {largest['quantity']:.6g}"


def tables_of_run(warehouse: Warehouse, run_id: str) -> RunTables:
    """The rows of a run that the gates need."""
    of_run = F.col("run_id") == F.lit(run_id)
    names = ("models", "fits", "forecasts", "metrics_summary")
    rows = {name: warehouse.read(name).where(of_run) for name in names}
    return RunTables(panel=warehouse.read("panel"), **rows)
