"""The tables that readers see, as transforms of `fits`."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.metrics import METRICS, QUANTILE_METRICS, Metric
from lepton_spark.forecasting.output.fit_rows import CHOSEN, SEASONAL_NAIVE
from lepton_spark.forecasting.output.sums import SCALED_SUMS, SUMS
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

SUM_NAMES = ("n_obs", "n_scaled", *SUMS, *SCALED_SUMS, "pinball_sum", "covered_sum", "n_quantile_obs")
BASELINE_SUMS = ("paired_scaled_sse", "baseline_scaled_sse")


def forecasts(fits: DataFrame, cutoff: date, period: int = 1) -> DataFrame:
    """One row per series and day ahead; for weekly forecasts per week, dated by its first day."""
    steps = fits.select(
        "run_id",
        *SERIES_KEY,
        "model",
        "status",
        "quantiles",
        F.posexplode("forecast").alias("position", "forecast"),
    )
    quantiles = {
        name: F.col("quantiles")[level][F.col("position")] for level, name in enumerate(QUANTILE_LEVELS)
    }
    return steps.withColumns({**_dated(cutoff, period), **quantiles}).drop("quantiles", "position")


def group_forecasts(fits: DataFrame, cutoff: date, period: int = 1, *, by: Sequence[str]) -> DataFrame:
    """One row per segment and day ahead: the sum of its members, added up in a defined order.

    by: columns of `fits` whose values are segments.
    """
    rows = fits.select(
        "run_id", "batch", F.explode(_segments(by)).alias("segment"), F.posexplode("forecast")
    ).withColumnsRenamed({"pos": "position", "col": "units"})
    keys = ("run_id", "segment", "position")
    by_batch = rows.groupBy("batch", *keys).agg(
        ordered_sum(F.col("units")).alias("units"), F.count("*").alias("n_series")
    )
    pooled = by_batch.groupBy(*keys).agg(
        ordered_sum(F.col("units")).alias("forecast"), F.sum("n_series").alias("n_series")
    )
    return pooled.withColumns(_dated(cutoff, period)).drop("position")


def _dated(cutoff: date, period: int) -> dict[str, Column]:
    """`cutoff`, `step` and `date` from a row's `position` ahead; for weekly forecasts the first day."""
    first_day = F.date_add(F.lit(cutoff), F.col("position") * period + 1)
    return {"cutoff": F.lit(cutoff), "step": F.col("position") + 1, "date": first_day}


def metrics(fits: DataFrame) -> DataFrame:
    """One row per series, role, split and window."""
    rows = fits.select("run_id", *SERIES_KEY, F.inline("metrics")).withColumnRenamed("is_role", "role")
    return _with_ratios(rows.withColumn("n_scaled", _scaled(F.col("scaled_sse"), F.col("n_obs"))))


def models(fits: DataFrame) -> DataFrame:
    """One row per series: `fits` without its arrays."""
    return fits.drop(
        "batch",
        "n_days_known",
        "last_sale",
        "recent_quantity",
        "forecast",
        "quantiles",
        "metrics",
        "paths",
        "adjustments",
    )


def adjustments(fits: DataFrame) -> DataFrame:
    """One row per series and day on which models saw something else than was sold."""
    return fits.select("run_id", *SERIES_KEY, F.inline("adjustments"))


def residual_paths(fits: DataFrame) -> DataFrame:
    """One row per sampled series and window whose days were scored."""
    kept = fits.where(F.col("paths").isNotNull() & (F.col("status") == F.lit("ok")))
    rows = kept.select("run_id", *SERIES_KEY, "demand_class", F.posexplode("paths").alias("window", "path"))
    return rows.where(F.col("path").isNotNull())


def metrics_summary(fits: DataFrame, *, by: Sequence[str]) -> DataFrame:
    """Metrics by segment, model and split from pooled sums, added up batch by batch; division comes last.

    Models: `chosen`, the published mix; `seasonal_naive` over all series; each other model over the series
    that chose it. `value_added` compares the days that both the model and seasonal naive forecast.

    by: columns of `fits` whose values are segments.
    """
    keys = ("run_id", "segment", "model", "split")
    names = (*SUM_NAMES, *BASELINE_SUMS)
    rows = _segmented(fits, by)
    by_series_count = F.count_distinct(*SERIES_KEY).alias("n_series")
    by_batch = rows.groupBy("batch", *keys).agg(
        by_series_count, *(ordered_sum(F.col(name).cast("double")).alias(name) for name in names)
    )
    pooled = by_batch.groupBy(*keys).agg(
        F.sum("n_series").alias("n_series"), *(ordered_sum(F.col(name)).alias(name) for name in names)
    )
    ratio = F.sqrt(F.try_divide("paired_scaled_sse", "baseline_scaled_sse"))
    return _with_ratios(pooled).withColumn("value_added", 1 - ratio)


def _segmented(fits: DataFrame, by: Sequence[str]) -> DataFrame:
    """One row per series, window, model it counts for and segment it belongs to."""
    own = F.filter("metrics", lambda item: item["is_role"].isin(CHOSEN, SEASONAL_NAIVE))
    baseline = F.filter("metrics", lambda item: item["is_role"] == SEASONAL_NAIVE)
    rows = fits.select(
        "run_id",
        "batch",
        *SERIES_KEY,
        _segments(by).alias("segments"),
        baseline.alias("baseline"),
        F.inline(own),
    ).withColumnRenamed("model", "candidate")
    same_window = F.filter("baseline", lambda item: item["window"] == F.col("window"))
    other = F.get(same_window, F.lit(0))
    paired = (other["n_obs"] == F.col("n_obs")) & F.col("scaled_sse").isNotNull()
    counted = rows.withColumns(
        {
            "n_scaled": _scaled(F.col("scaled_sse"), F.col("n_obs")),
            "paired_scaled_sse": F.when(paired, F.col("scaled_sse")),
            "baseline_scaled_sse": F.when(paired, other["scaled_sse"]),
            "model": F.explode(_counts_for()),
        }
    )
    return counted.withColumn("segment", F.explode("segments"))


def _segments(by: Sequence[str]) -> Column:
    """The segments of a series: `all`, and one for each column in which it has a value."""
    named = (F.concat(F.lit(f"{column.removesuffix('_id')}="), F.col(column)) for column in by)
    return F.array_compact(F.array(F.lit("all"), *named))


def _counts_for() -> Column:
    """The models that a row counts for: the chosen one counts for the mix and for itself.

    A chosen seasonal naive counts for the mix only, since the baseline is over all series.
    """
    chosen = F.when(F.col("candidate") == SEASONAL_NAIVE, F.array(F.lit(CHOSEN))).otherwise(
        F.array(F.lit(CHOSEN), F.col("candidate"))
    )
    return F.when(F.col("is_role") == CHOSEN, chosen).otherwise(F.array(F.lit(SEASONAL_NAIVE)))


def _scaled(scaled_sse: Column, n_obs: Column) -> Column:
    return F.when(scaled_sse.isNotNull(), n_obs).otherwise(F.lit(0))


def _with_ratios(rows: DataFrame) -> DataFrame:
    values = {name: _value(metric) for name, metric in {**METRICS, **QUANTILE_METRICS}.items()}
    return rows.withColumns(values | {"pinball": values["pinball"] / len(QUANTILE_LEVELS)})


def _value(metric: Metric) -> Column:
    """Null where the denominator is 0."""
    ratio = F.try_divide(metric.numerator, metric.denominator)
    return F.sqrt(ratio) if metric.is_root else ratio
