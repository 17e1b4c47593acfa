"""The monitoring job: scores published runs whose period is over, and finds series that drift."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.actuals import daily_units, days_of_locations, units_by_step
from lepton_spark.monitoring.errors import (
    as_products,
    backtest_wapes,
    segment_errors,
    series_errors,
    with_ratios,
)
from lepton_spark.monitoring.scoring import with_drift
from lepton_spark.monitoring.states import alarm_limit, with_states
from lepton_spark.panel.calendar import Calendar, day_volumes, epoch_day
from lepton_spark.panel.covariates import CATEGORY, Covariates
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.known_covariates import read_known_calendar, read_known_covariates
from lepton_spark.pipelines.monitor.due_periods import Period, due_periods
from lepton_spark.pipelines.monitor.override_scores import score_overrides
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT
from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)

TABLE = "monitoring"


@dataclass(frozen=True)
class MonitorResult:
    """The runs that were scored now, the earliest first, and the number of series by state in the last one.

    age_days: from the last complete day of sales to today; None without a forecast.
    """

    scored: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    age_days: int | None = None


def run_monitor(context: JobContext) -> MonitorResult:
    """Scores the published runs whose period is over and was not scored before.

    Sales count as they are known now. A period that was scored is never scored again.

    Raises: InputError for a covariate that was never loaded.
    """
    newest = context.runs.latest("forecast")
    if newest is None or newest.cutoff is None:
        return MonitorResult()
    age = (context.clock().date() - newest.cutoff).days
    periods, counts = due_periods(context, newest.cutoff), {}
    for period in periods:
        with context.stage("monitor") as stage:
            counts = _score(context, period)
            stage.note(f"week to {period.last_day}: {_listed(counts)}")
    return MonitorResult(tuple(period.run.run_id for period in periods), counts, age)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))


def _score(context: JobContext, period: Period) -> dict[str, int]:
    """Writes the rows of a period; returns the number of series by state."""
    score_overrides(context, period)  # before the rows by which the period counts as scored
    warehouse = context.warehouse
    covariates = read_known_covariates(warehouse, context.config, period.last_day)
    rows = _errors(context, period, covariates)
    of_series, of_segments = backtest_wapes(
        _of_run(warehouse, "metrics", period.errors_from),
        _of_run(warehouse, "metrics_summary", period.errors_from),
    )
    horizon = period.run.horizon or period.n_steps
    with persisted(with_drift(rows, horizon, epoch_day(period.last_day))) as series:
        limit = alarm_limit(series, context.config.monitoring.false_share)
        products = as_products(with_states(series, limit, period.last_day))
        segments = segment_errors(series, has_locations=_has_locations(series))
        products = products.join(of_series, [*SERIES_KEY], "left")
        segments = segments.join(of_segments, "segment", "left")
        all_rows = with_ratios(products.unionByName(segments, allowMissingColumns=True))
        same = {
            "run_id": F.lit(period.run.run_id),
            "cutoff": F.lit(period.cutoff),
            "last_day": F.lit(period.last_day),
        }
        warehouse.replace(TABLE, all_rows.withColumns(same), f"run_id = '{period.run.run_id}'")
        counts = products.groupBy("state").count().collect()
    log.info("run %s scored to %s: %s", period.run.run_id, period.last_day, counts)
    return {row["state"]: row["count"] for row in counts}


def _errors(context: JobContext, period: Period, covariates: Covariates) -> DataFrame:
    """The errors of each series, with what its score and its drift need."""
    warehouse = context.warehouse
    models = _of_run(warehouse, "models", period.run.run_id).select(
        *SERIES_KEY, "demand_class", "quantile_method", "parameters"
    )
    keys = models.select(*SERIES_KEY)
    first = period.cutoff - timedelta(days=period.n_days - 1)
    sales, rows = warehouse.read("sales"), read_known_calendar(warehouse, context.config, period.last_day)
    calendar = Calendar.until(day_volumes(sales), epoch_day(period.last_day), rows)
    days = days_of_locations(keys, calendar, first, period.last_day)
    daily = daily_units(sales, keys, days, covariates.rows.get("stock"), first, period.last_day)
    units = units_by_step(daily, period.cutoff, period.step_days)
    forecasts = _of_run(warehouse, "forecasts", period.run.run_id)
    errors = series_errors(forecasts, units, period.n_steps).join(models, [*SERIES_KEY])
    with_categories = _with_categories(errors, keys, covariates)
    return with_categories.join(_sums_before(warehouse, period), [*SERIES_KEY], "left")


def _with_categories(errors: DataFrame, keys: DataFrame, covariates: Covariates) -> DataFrame:
    """The rows with the category of each product, null where there is none."""
    products = Covariates({name: rows for name, rows in covariates.rows.items() if name == "products"})
    lists = products.by_series(keys)
    if lists is None:
        return errors.withColumn(CATEGORY, F.lit(None).cast("string"))
    return errors.join(lists.select(*SERIES_KEY, CATEGORY), [*SERIES_KEY], "left")


def _sums_before(warehouse: Warehouse, period: Period) -> DataFrame:
    """The sums of each series after the latest period before this one, as days since 1970-01-01."""
    earlier = warehouse.read(TABLE).where(
        (F.col("cutoff") < F.lit(period.cutoff)) & (F.col("segment") == F.lit(PRODUCT))
    )
    latest = earlier.agg(F.max("cutoff")).first()
    rows = earlier.where(F.col("cutoff") == F.lit(None if latest is None else latest[0]))
    dates = (F.unix_date(name).alias(f"{name}_before") for name in ("up_since", "down_since"))
    sums = (F.col(name).alias(f"{name}_before") for name in ("up", "down"))
    return rows.select(*SERIES_KEY, *sums, *dates)


def _has_locations(series: DataFrame) -> bool:
    return series.select("location_id").distinct().limit(2).count() > 1


def _of_run(warehouse: Warehouse, name: str, run_id: str) -> DataFrame:
    return warehouse.read(name).where(F.col("run_id") == F.lit(run_id))
