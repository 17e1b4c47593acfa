"""States of series: which drift or have unknown sales, since when, and why in words."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.actuals import CAUSES
from lepton_spark.monitoring.drift import limit_of
from lepton_spark.tables.schemas.monitoring_tables import (
    ALARM,
    CLOSED,
    OK,
    OUT_OF_STOCK,
    OUTAGE,
    REJECTED,
    UNKNOWN,
    WATCH,
)

WATCHED_BELOW = 0.01
"""P-value below which a series is worth a look, though it may be chance."""


def alarm_limit(rows: DataFrame, false_share: float) -> float:
    """The p-value up to which series are alarms; collects the number of known series by bin."""
    counts = rows.where("n_obs > 0").groupBy("bin").count().collect()
    return limit_of({row["bin"]: row["count"] for row in counts}, false_share)


def with_states(rows: DataFrame, limit: float, last_day: date) -> DataFrame:
    """The rows with `state` and `reason`; `since` is null where a series neither drifts nor is watched.

    Drift is judged by known days only. A series without drift has the cause of its unknown days as its state
    if their demand is lost, or if there are no other days.
    """
    is_known, p_value = F.col("n_obs") > 0, F.col("p_value")
    cause = F.element_at(F.array(*(F.lit(name) for name in CAUSES)), F.col("cause") + 1)
    state = (
        F.when(is_known & (p_value <= F.lit(limit)), ALARM)
        .when(is_known & (p_value <= WATCHED_BELOW), WATCH)
        .when(~is_known, F.coalesce(cause, F.lit(UNKNOWN)))
        .when(F.col("n_lost") > 0, cause)
        .otherwise(OK)
    )
    drifts = F.col("state").isin(ALARM, WATCH)
    made = rows.withColumn("state", state)
    reason = F.when(drifts, _drift_words(last_day)).when(F.col("state") != OK, _unknown_words())
    return made.withColumn("reason", reason).withColumn("since", F.when(drifts, F.col("since")))


def _unknown_words() -> Column:
    """Such as `out of stock on 2 days`."""
    texts = {
        CLOSED: "closed",
        OUTAGE: "no sales delivered from its location",
        OUT_OF_STOCK: "out of stock",
        REJECTED: "rejected lines",
        UNKNOWN: "no forecast of these days",
    }
    text = F.element_at(
        F.create_map(*(F.lit(part) for pair in texts.items() for part in pair)), F.col("state")
    )
    many = F.format_string(" on %d days, which are left out", F.col("n_lost"))
    some = F.when(F.col("n_lost") == 1, F.lit(" on a day, which is left out")).otherwise(many)
    return F.concat(text, F.when(F.col("n_obs") > 0, some).otherwise(" on all days"))


def _drift_words(last_day: date) -> Column:
    """Such as `more sold than forecast since the week to 2021-03-07: 142.0 instead of 80.5 units in ...`."""
    text = "%s sold than forecast since the week to %s: %,.1f instead of %,.1f units in the week to %s"
    direction = F.when(F.col("is_up"), F.lit("more")).otherwise(F.lit("less"))
    since = F.col("since").cast("string")
    return F.format_string(text, direction, since, F.col("actual"), F.col("forecast"), F.lit(str(last_day)))
