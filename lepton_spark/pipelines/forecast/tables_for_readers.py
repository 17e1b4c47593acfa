"""The last stage of a forecast run: the tables that readers see."""

from functools import partial

from pyspark.sql import DataFrame

from lepton_spark.forecasting.output import published_tables
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.forecast.run_rows import RunRows
from lepton_spark.pipelines.overlap import overlap
from lepton_spark.tables import Warehouse


def write_tables_for_readers(warehouse: Warehouse, plan: Plan) -> None:
    """Writes the tables for readers, all computed from `fits` and independent of each other."""
    run = RunRows(warehouse, plan)
    fits, cutoff, period = run.read("fits"), plan.cutoff, plan.settings.period
    by_product = plan.settings.has_locations
    tables = {
        "metrics": published_tables.metrics(fits),
        "forecasts": published_tables.forecasts(fits, cutoff, period),
        "models": published_tables.models(fits),
        "metrics_summary": _metrics_summary(run, fits),
        "group_forecasts": published_tables.group_forecasts(fits, cutoff, period, by_product=by_product),
        "explanations": published_tables.explanations(fits, cutoff, period),
        "adjustments": published_tables.adjustments(fits),
    }
    overlap([partial(run.write, name, rows) for name, rows in tables.items()])


def _metrics_summary(run: RunRows, fits: DataFrame) -> DataFrame:
    """The errors of this run's backtest, or of the full run whose models it keeps."""
    if run.plan.refit is None:
        return published_tables.metrics_summary(fits)
    return run.read_full_run("metrics_summary")
