"""Whether overrides came closer to the sales than the model, by override and series."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.schema import SERIES_KEY


def forecasts_to_score(applied: DataFrame) -> DataFrame:
    """One row for each override, series and day, of the forecast that the planner saw.

    That is the one of the latest cutoff before the override was known. Where none of these was published
    with it, and where nobody knows when it was made, it is the first one that was.

    applied: rows of `applied_overrides` of several runs.
    """
    made_before = F.col("cutoff") < F.col("known_at")
    distance = F.abs(F.datediff("cutoff", "known_at"))
    order = Window.partitionBy("override_id", *SERIES_KEY, "date").orderBy(
        F.desc(made_before), distance, "run_id"
    )
    ranked = applied.withColumn("rank", F.row_number().over(order))
    return ranked.where(F.col("rank") == 1).drop("rank")


def override_scores(applied: DataFrame, units: DataFrame) -> DataFrame:
    """One row per override and series: `n_obs` and the sums of its days with known units; null without any.

    applied: of `forecasts_to_score`. units: `units` of each series and `date`, null where unknown.
    """
    days = applied.join(units, [*SERIES_KEY, "date"], "left")
    sold, is_known = F.col("units"), F.col("units").isNotNull()
    values = {
        "forecast": F.when(is_known, F.col("forecast")),
        "model_forecast": F.when(is_known, F.col("model_forecast")),
        "actual": sold,
        "abs_error": F.abs(F.col("forecast") - sold),
        "model_abs_error": F.abs(F.col("model_forecast") - sold),
    }
    sums = (ordered_sum(value).alias(name) for name, value in values.items())
    given = (F.max(name).alias(name) for name in ("value", "factor"))  # the same in all rows of an override
    why = F.max_by("why", "date").alias("why")
    by_series = days.groupBy(*SERIES_KEY, "override_id")
    scored = by_series.agg(*given, why, F.count("units").alias("n_obs"), *sums)
    return scored.withColumn("value_added", 1 - F.try_divide("abs_error", "model_abs_error"))
