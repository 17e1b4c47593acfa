"""The tables that readers see, as transforms of `fits`."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.metrics import METRICS, QUANTILE_METRICS, Metric
from lepton_spark.forecasting.output.partial_sums import BASELINE_SUMS, GROUP_SUMS, METRIC_SUMS, SUM_NAMES
from lepton_spark.models.data.parts import NAMES as PART_NAMES
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY


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


def explanations(fits: DataFrame, cutoff: date, period: int = 1) -> DataFrame:
    """One row per series and day ahead: the usual day and the parts whose sum is the forecast."""
    steps = fits.select(
        "run_id",
        *SERIES_KEY,
        F.col("usual_day").alias("base"),
        "parts",
        F.posexplode("forecast").alias("position", "forecast"),
    )
    parts = {
        group: F.coalesce(F.col("parts")[number][F.col("position")], F.lit(0.0))
        for number, group in enumerate(PART_NAMES)
    }
    return steps.withColumns({**_dated(cutoff, period), **parts}).drop("parts", "position", "cutoff")


def group_forecasts(fits: DataFrame, cutoff: date, period: int = 1, *, by_product: bool) -> DataFrame:
    """One row per segment and day ahead: the sum of its members, added up in a defined order.

    by_product: whether products are segments, too: their sums are over locations.
    """
    parts = _parts(fits, GROUP_SUMS).select(
        "run_id", "segment", "n_series", F.posexplode("forecast").alias("position", "units")
    )
    if by_product:
        parts = parts.unionByName(_product_sums(fits))
    pooled = parts.groupBy("run_id", "segment", "position").agg(
        ordered_sum(F.col("units")).alias("forecast"), F.sum("n_series").alias("n_series")
    )
    return pooled.withColumns(_dated(cutoff, period)).drop("position")


def _product_sums(fits: DataFrame) -> DataFrame:
    """The sums of each product over its locations in a batch; not staged, as there are too many."""
    segment = F.concat(F.lit("product="), F.col("product_id")).alias("segment")
    rows = fits.select("run_id", "batch", segment, F.posexplode("forecast").alias("position", "units"))
    keys = ("run_id", "segment", "position")
    sums = rows.groupBy("batch", *keys).agg(
        F.count("*").alias("n_series"), ordered_sum(F.col("units")).alias("units")
    )
    return sums.drop("batch")


def _parts(fits: DataFrame, sums: str) -> DataFrame:
    """The partial sums in a column of `fits`, one row for each part of a batch and its group."""
    return fits.where(F.col(sums).isNotNull()).select("run_id", F.inline(sums))


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
        "error_quantiles",
        "adjustments",
        "usual_day",
        "parts",
        METRIC_SUMS,
        GROUP_SUMS,
    )


def adjustments(fits: DataFrame) -> DataFrame:
    """One row per series and day on which models saw something else than was sold."""
    return fits.select("run_id", *SERIES_KEY, F.inline("adjustments"))


def metrics_summary(fits: DataFrame) -> DataFrame:
    """Metrics by segment, model and split from partial sums (see `partial_sums`); division comes last.

    `value_added` compares the days that both the model and seasonal naive forecast.
    """
    names = (*SUM_NAMES, *BASELINE_SUMS)
    pooled = (
        _parts(fits, METRIC_SUMS)
        .groupBy("run_id", "segment", "model", "split")
        .agg(F.sum("n_series").alias("n_series"), *(ordered_sum(F.col(name)).alias(name) for name in names))
    )
    ratio = F.sqrt(F.try_divide("paired_scaled_sse", "baseline_scaled_sse"))
    return _with_ratios(pooled).withColumn("value_added", 1 - ratio)


def _scaled(scaled_sse: Column, n_obs: Column) -> Column:
    return F.when(scaled_sse.isNotNull(), n_obs).otherwise(F.lit(0))


def _with_ratios(rows: DataFrame) -> DataFrame:
    values = {name: _value(metric) for name, metric in {**METRICS, **QUANTILE_METRICS}.items()}
    return rows.withColumns(values | {"pinball": values["pinball"] / len(QUANTILE_LEVELS)})


def _value(metric: Metric) -> Column:
    """Null where the denominator is 0."""
    ratio = F.try_divide(metric.numerator, metric.denominator)
    return F.sqrt(ratio) if metric.is_root else ratio
