"""Errors of a published run in the period after its cutoff, by series and by segment; division comes last."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.actuals import is_lost
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT
from lepton_spark.tables.schemas.schema import SERIES_KEY

EVERYTHING = "*"
"""Product and location of the rows of segments."""

N_PARTS = 64
"""Parts in which segments are summed first, so that no task holds all values of a large one."""

SUMS = (
    *("forecast", "actual", "abs_error", "covered", "paired_abs_error", "naive_abs_error"),
    *("earlier_forecast", "abs_change", "squared_score"),
)


def series_errors(forecasts: DataFrame, earlier: DataFrame, units: DataFrame, n_steps: int) -> DataFrame:
    """One row per series: `n_obs` and the sums of its steps with known units; null without any.

    `cause` and `n_lost`: of the days that are not known, and the number of those whose demand is lost.

    forecasts: rows of a run. earlier: `earlier_forecast` of its days by an earlier run, by series and step.
    units: of `units_by_step`, with as many steps before the cutoff as after it. Seasonal naive forecasts a
    step by the one `n_steps` before.
    """
    key = [*SERIES_KEY, "step"]
    ahead = forecasts.where(F.col("step") <= n_steps).select(*key, "forecast", "p10", "p90")
    before = units.select(*SERIES_KEY, (F.col("step") + n_steps).alias("step"), F.col("units").alias("naive"))
    steps = ahead.join(units, key, "left").join(before, key, "left").join(earlier, key, "left")
    error, naive_error = F.abs(F.col("forecast") - F.col("units")), F.abs(F.col("naive") - F.col("units"))
    is_known, is_paired = F.col("units").isNotNull(), naive_error.isNotNull()
    values = {
        "forecast": F.when(is_known, F.col("forecast")),
        "actual": F.col("units"),
        "abs_error": error,
        "covered": F.when(is_known, F.col("units").between(F.col("p10"), F.col("p90")).cast("double")),
        "paired_abs_error": F.when(is_paired, error),
        "naive_abs_error": naive_error,
        "earlier_forecast": F.col("earlier_forecast"),
        "abs_change": F.abs(F.col("forecast") - F.col("earlier_forecast")),
    }
    sums = (ordered_sum(value).alias(name) for name, value in values.items())
    unknown = (F.max("cause").alias("cause"), F.count_if(is_lost(F.col("cause"))).alias("n_lost"))
    return steps.groupBy(*SERIES_KEY).agg(F.count("units").alias("n_obs"), *unknown, *sums)


def with_ratios(rows: DataFrame) -> DataFrame:
    """The rows with the columns that are ratios of sums; null where a denominator is 0."""
    return rows.withColumns(
        {
            "wape": F.try_divide("abs_error", "actual"),
            "bias": F.try_divide(F.col("forecast") - F.col("actual"), "actual"),
            "coverage": F.try_divide("covered", "n_obs"),
            "value_added": 1 - F.try_divide("paired_abs_error", "naive_abs_error"),
            "revision": F.try_divide("abs_change", "earlier_forecast"),
        }
    )


def segment_errors(series: DataFrame, has_locations: bool) -> DataFrame:
    """One row per segment: the sums of its series.

    series: of `series_errors`, with `score`, `demand_class` and `category` (null: in no category).
    """
    segments = [F.lit("all"), _named("demand_class"), _named("category")]
    if has_locations:
        segments.append(F.concat(F.lit("location="), F.col("location_id")))
    rows = series.withColumn("squared_score", F.col("score") * F.col("score")).select(
        F.explode(F.array_compact(F.array(*segments))).alias("segment"),
        F.pmod(F.xxhash64(*SERIES_KEY), F.lit(N_PARTS)).alias("part"),
        (F.col("n_obs") > 0).cast("bigint").alias("n_series"),
        "n_obs",
        *SUMS,
    )
    summed = _summed(_summed(rows, "segment", "part"), "segment")
    return summed.withColumns({name: F.lit(EVERYTHING) for name in SERIES_KEY})


def _summed(rows: DataFrame, *keys: str) -> DataFrame:
    counts = (F.sum(name).alias(name) for name in ("n_series", "n_obs"))
    return rows.groupBy(*keys).agg(*counts, *(ordered_sum(F.col(name)).alias(name) for name in SUMS))


def as_products(series: DataFrame) -> DataFrame:
    """Rows of series with their `segment` and `n_series`."""
    n_series = (F.col("n_obs") > 0).cast("bigint")
    return series.withColumns({"segment": F.lit(PRODUCT), "n_series": n_series})


def _named(dimension: str) -> Column:
    return F.concat(F.lit(f"{dimension}="), F.col(dimension))


def backtest_wapes(metrics: DataFrame, metrics_summary: DataFrame) -> tuple[DataFrame, DataFrame]:
    """`backtest_wape` of each series, and of each segment, on the test window.

    metrics, metrics_summary: rows of the run, or of the full run whose models it keeps.
    """
    wape = F.col("wape").alias("backtest_wape")
    of_series = metrics.where((F.col("role") == "chosen") & (F.col("split") == "test"))
    of_segments = metrics_summary.where((F.col("model") == "chosen") & (F.col("split") == "test"))
    return of_series.select(*SERIES_KEY, wape), of_segments.select("segment", wape)
