"""States of series: which drift, since when, and why in words."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.drift import limit_of
from lepton_spark.tables.schemas.monitoring_tables import ALARM, OK, UNKNOWN, WATCH

WATCHED_BELOW = 0.01
"""P-value below which a series is worth a look, though it may be chance."""


def alarm_limit(rows: DataFrame, false_share: float) -> float:
    """The p-value up to which series are alarms; collects the number of known series by bin."""
    counts = rows.where("n_obs > 0").groupBy("bin").count().collect()
    return limit_of({row["bin"]: row["count"] for row in counts}, false_share)


def with_states(rows: DataFrame, limit: float, last_day: date) -> DataFrame:
    """The rows with `state` and `reason`; `since` is null where a series neither drifts nor is watched."""
    is_known, p_value = F.col("n_obs") > 0, F.col("p_value")
    state = (
        F.when(~is_known, UNKNOWN)
        .when(p_value <= F.lit(limit), ALARM)
        .when(p_value <= WATCHED_BELOW, WATCH)
        .otherwise(OK)
    )
    drifts = F.col("state").isin(ALARM, WATCH)
    reason = F.when(drifts, _drift_words(last_day)).when(
        F.col("state") == UNKNOWN, F.lit("no day with known sales: closed, out of stock or not delivered")
    )
    made = rows.withColumn("state", state).withColumn("reason", reason)
    return made.withColumn("since", F.when(drifts, F.col("since")))


def _drift_words(last_day: date) -> Column:
    """Such as `more sold than forecast since the week to 2021-03-07: 142.0 instead of 80.5 units in ...`."""
    text = "%s sold than forecast since the week to %s: %,.1f instead of %,.1f units in the week to %s"
    direction = F.when(F.col("is_up"), F.lit("more")).otherwise(F.lit("less"))
    since = F.col("since").cast("string")
    return F.format_string(text, direction, since, F.col("actual"), F.col("forecast"), F.lit(str(last_day)))
