"""Writes the measures of the whole shop in a period to the table `health`."""

from collections.abc import Iterable, Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.health import health_rows, mix, volume
from lepton_spark.panel.calendar import DayVolume
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.pipelines.monitor.series import of_run
from lepton_spark.tables import Warehouse

TABLE = "health"


def write_health(
    context: JobContext, period: Period, segments: DataFrame, volumes: Sequence[DayVolume]
) -> None:
    """Replaces the rows of the run; segments: rows with ratios, collected, because there are few."""
    rows = [row.asDict() for row in segments.collect()]
    total = next((row for row in rows if row["segment"] == "all"), None)
    if total is None or not total["n_series"]:
        return
    values = {
        "variance": None if total["squared_score"] is None else total["squared_score"] / total["n_series"],
        "coverage": total["coverage"],
        "mix": mix(rows),
        "fallbacks": _share_of_fallbacks(context.warehouse, period),
        "volume": volume(volumes, period.last_day, period.n_days),
        "revision": total["revision"],
    }
    earlier = _earlier(context.warehouse, period, values)
    made = health_rows(values, earlier, period.last_day, context.config.monitoring.false_share)
    same = {"run_id": period.run.run_id, "cutoff": period.cutoff, "last_day": period.last_day}
    frame = context.warehouse.rows(TABLE, [same | row for row in made])
    context.warehouse.replace(TABLE, frame, f"run_id = '{period.run.run_id}'")


def _share_of_fallbacks(warehouse: Warehouse, period: Period) -> float | None:
    models = of_run(warehouse, "models", period.run.run_id)
    row = models.agg(
        F.count_if(F.col("status") != "ok").alias("fallbacks"), F.count("*").alias("all")
    ).first()
    return None if row is None or not row["all"] else row["fallbacks"] / row["all"]


def _earlier(
    warehouse: Warehouse, period: Period, names: Iterable[str]
) -> dict[str, list[tuple[float | None, str, date | None]]]:
    """Value, state and since of each measure in the periods before, the latest last."""
    rows = warehouse.read(TABLE).where(
        (F.col("cutoff") < F.lit(period.cutoff)) & (F.col("cutoff") >= F.lit(period.first_compared))
    )
    found = sorted(rows.collect(), key=lambda row: row["cutoff"])
    return {
        name: [(row["value"], row["state"], row["since"]) for row in found if row["measure"] == name]
        for name in names
    }
