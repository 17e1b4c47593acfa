"""Evaluates the publishing gates on the tables of a run."""

from datetime import date

from pyspark.sql import functions as F

from lepton_spark.forecasting.publish_gates import RunTables, collect_evidence, evaluate
from lepton_spark.gates import Gate
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run_log import Run, RunLog
from lepton_spark.tables import Warehouse


def evaluate_gates(context: JobContext, run: Run, cutoff: date, runs: RunLog) -> tuple[Gate, ...]:
    """Every gate on a complete forecast run, passed or failed."""
    horizon = run.horizon or context.config.forecast.horizon
    tables = tables_of_run(context.warehouse, run.run_id)
    evidence = collect_evidence(tables, cutoff, horizon, runs.forecast_period(run))
    return evaluate(evidence, context.config.gates)


def tables_of_run(warehouse: Warehouse, run_id: str) -> RunTables:
    """The rows of a run that the gates need."""
    of_run = F.col("run_id") == F.lit(run_id)
    names = ("models", "fits", "forecasts", "metrics_summary")
    rows = {name: warehouse.read(name).where(of_run) for name in names}
    return RunTables(panel=warehouse.read("panel"), **rows)
