"""Reads what monitoring needs of each series in a period."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.actuals import daily_units, units_by_step
from lepton_spark.monitoring.errors import series_errors
from lepton_spark.monitoring.location_days import DAY_SCHEMA, LocationDays, location_days
from lepton_spark.panel.calendar import DayVolume
from lepton_spark.panel.covariates import CATEGORY, Covariates
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.known_covariates import read_known_calendar
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT
from lepton_spark.tables.schemas.schema import SERIES_KEY


def of_run(warehouse: Warehouse, name: str, run_id: str) -> DataFrame:
    """The rows of a run."""
    return warehouse.read(name).where(F.col("run_id") == F.lit(run_id))


def locations_of(context: JobContext, period: Period, volumes: Sequence[DayVolume]) -> LocationDays:
    """The days of the run's locations, collected, because there are few."""
    rows = of_run(context.warehouse, "models", period.run.run_id).select("location_id").distinct().collect()
    announced = read_known_calendar(context.warehouse, context.config, period.last_day)
    names = sorted(row["location_id"] for row in rows)
    return location_days(names, volumes, announced, period.cutoff, period.n_days)


def series_of(
    context: JobContext, period: Period, covariates: Covariates, locations: LocationDays
) -> DataFrame:
    """The errors of each series, with its category and what its score and its drift need."""
    warehouse = context.warehouse
    models = of_run(warehouse, "models", period.run.run_id).select(
        *SERIES_KEY, "demand_class", "quantile_method", "parameters"
    )
    keys = models.select(*SERIES_KEY)
    days = keys.sparkSession.createDataFrame(locations.rows(), DAY_SCHEMA)
    sales, stock = warehouse.read("sales"), covariates.rows.get("stock")
    daily = daily_units(sales, keys, days, stock, locations.first, locations.last)
    units = units_by_step(daily, period.cutoff, period.step_days)
    forecasts = of_run(warehouse, "forecasts", period.run.run_id)
    errors = series_errors(forecasts, _earlier(warehouse, period), units, period.n_steps)
    rows = _with_categories(errors.join(models, [*SERIES_KEY]), keys, covariates)
    return rows.join(_sums_before(warehouse, period), [*SERIES_KEY], "left")


def _earlier(warehouse: Warehouse, period: Period) -> DataFrame:
    """`earlier_forecast` of the run published a period before, by series and step of this one."""
    run_id, steps_between = ("", 0) if period.earlier is None else period.earlier
    step = (F.col("step") - steps_between).alias("step")
    forecast = F.col("forecast").alias("earlier_forecast")
    return of_run(warehouse, "forecasts", run_id).select(*SERIES_KEY, step, forecast).where(F.col("step") > 0)


def _with_categories(errors: DataFrame, keys: DataFrame, covariates: Covariates) -> DataFrame:
    """The rows with the category of each product, null where there is none."""
    products = Covariates({name: rows for name, rows in covariates.rows.items() if name == "products"})
    lists = products.by_series(keys)
    if lists is None:
        return errors.withColumn(CATEGORY, F.lit(None).cast("string"))
    return errors.join(lists.select(*SERIES_KEY, CATEGORY), [*SERIES_KEY], "left")


def _sums_before(warehouse: Warehouse, period: Period) -> DataFrame:
    """The sums of each series after the latest period before this one, as days since 1970-01-01."""
    earlier = warehouse.read("monitoring").where(
        (F.col("cutoff") < F.lit(period.cutoff)) & (F.col("segment") == F.lit(PRODUCT))
    )
    latest = earlier.agg(F.max("cutoff")).first()
    rows = earlier.where(F.col("cutoff") == F.lit(None if latest is None else latest[0]))
    dates = (F.unix_date(name).alias(f"{name}_before") for name in ("up_since", "down_since"))
    sums = (F.col(name).alias(f"{name}_before") for name in ("up", "down"))
    return rows.select(*SERIES_KEY, *sums, *dates)
