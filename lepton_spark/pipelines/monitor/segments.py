"""Adds to each segment its state, judged by the periods before."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.location_days import LocationDays
from lepton_spark.monitoring.segments import LEAST_DEVIATION, STATE_SCHEMA, level, state_rows
from lepton_spark.monitoring.unusual import Earlier, judged
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT

EVERYTHING, LOCATION = "all", "location="


def with_segment_states(
    context: JobContext, period: Period, sums: DataFrame, locations: LocationDays
) -> DataFrame:
    """The rows with `p_value`, `state`, `since` and `reason`; collects one row for each segment and period.

    sums: of `segment_errors`.
    """
    rows = sums.select("segment", "forecast", "actual").collect()
    levels = {row["segment"]: level(row["forecast"], row["actual"]) for row in rows}
    judgements = judged(
        levels,
        _earlier(context.warehouse, period),
        period.last_day,
        dict.fromkeys(levels, LEAST_DEVIATION),
        context.config.monitoring.false_share,
    )
    interruptions = {f"{LOCATION}{name}": found for name, found in locations.interruptions().items()}
    everything = locations.of_everything()
    if everything is not None:
        interruptions[EVERYTHING] = everything
    states = sums.sparkSession.createDataFrame(state_rows(judgements, interruptions), STATE_SCHEMA)
    return sums.join(F.broadcast(states), "segment", "left")


def _earlier(warehouse: Warehouse, period: Period) -> dict[str, list[Earlier]]:
    """The levels of the periods before, by segment, the latest last."""
    rows = warehouse.read("monitoring").where(
        (F.col("segment") != F.lit(PRODUCT))
        & (F.col("cutoff") < F.lit(period.cutoff))
        & (F.col("cutoff") >= F.lit(period.first_compared))
    )
    found: dict[str, list[Earlier]] = {}
    columns = ("segment", "cutoff", "forecast", "actual", "state", "since")
    for row in sorted(rows.select(*columns).collect(), key=lambda row: row["cutoff"]):
        one = Earlier(level(row["forecast"], row["actual"]), row["state"], row["since"])
        found.setdefault(row["segment"], []).append(one)
    return found
