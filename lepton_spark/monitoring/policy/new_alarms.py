"""How much of what is sold belongs to products whose alarm is new since the models were chosen."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.errors import N_PARTS
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.monitoring_tables import ALARM
from lepton_spark.tables.schemas.schema import SERIES_KEY


def new_alarm_share(week: DataFrame, before: DataFrame) -> float:
    """The share of the week's units in series with an alarm now and none before; 0 without known sales.

    A series counts with the larger of its forecast and its sales, so that one that is no longer sold counts.

    week, before: rows of series in a scored week, and in the last one that the choice of models could know.
    """
    known = before.where(F.col("state") == ALARM).select(*SERIES_KEY, F.lit(True).alias("is_known"))
    units = F.greatest("forecast", "actual")
    is_new = (F.col("state") == ALARM) & F.col("is_known").isNull()
    rows = week.where("n_obs > 0").join(known, [*SERIES_KEY], "left")
    counted = rows.select(
        F.pmod(F.xxhash64(*SERIES_KEY), F.lit(N_PARTS)).alias("part"),
        units.alias("units"),
        F.when(is_new, units).alias("new"),
    )
    sums = [ordered_sum(F.col(name)).alias(name) for name in ("units", "new")]
    row = counted.groupBy("part").agg(*sums).agg(*sums).first()
    return float(row["new"] / row["units"]) if row is not None and row["new"] and row["units"] else 0.0
