"""The inventory job: levels and orders of every series of the published run."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config, InventorySettings
from lepton_spark.config.sections.inventory_settings import weekday_numbers
from lepton_spark.errors import ConfigError, Fault, InputError, explain
from lepton_spark.evaluation.quantiles.demand_sums import sum_dispersion_name
from lepton_spark.inventory.orders.levels import Policy
from lepton_spark.inventory.orders.rows import OrderBatch
from lepton_spark.inventory.overridden import with_overridden_means, with_override_words
from lepton_spark.inventory.protection import OrderingDays
from lepton_spark.inventory.stock_rows import inventory_rows
from lepton_spark.inventory.terms import Defaults
from lepton_spark.language import Message
from lepton_spark.panel.calendar import EPOCH
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.covariates import load_covariates
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import fingerprint_of_rows
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

TABLE, STOCK_LEVELS = "inventory", "stock_levels"


@dataclass(frozen=True)
class InventoryResult:
    """The run whose orders were made, and the number of series by status."""

    run_id: str
    counts: Mapping[str, int]


def run_inventory(context: JobContext, *, loads_stock: bool = True) -> InventoryResult:
    """Loads `stock_levels` if configured, and replaces the published run's rows of `inventory`.

    Nothing is written when the rows are the same as before.

    loads_stock: False where the job has just loaded it.

    Raises: ConfigError without a lead time, for weekly forecasts, or for a next delivery after the horizon;
    InputError without published forecasts or for a source that cannot be read.
    """
    config = context.config
    if not config.makes_orders:
        allowed = Message("days from order to delivery, or stock_levels.columns.lead_time")
        raise _fault("inventory.lead_time", "nothing", allowed)
    run, cutoff = _published(context)
    batch = order_batch(config, cutoff, _horizon(context, run))
    _require_sums(context, run.run_id)
    if loads_stock:
        load_covariates(context, only=STOCK_LEVELS)
    with context.stage("inventory") as stage:
        counts = _write(context, run.run_id, cutoff, batch)
        stage.note(", ".join(f"{count:,} {status}" for status, count in counts.items()))
    log.info("run %s, cutoff %s: orders %s", run.run_id, cutoff, dict(counts))
    return InventoryResult(run.run_id, counts)


def order_batch(config: Config, cutoff: date, horizon: int) -> OrderBatch:
    """What turns fits into orders.

    Raises: ConfigError if the next delivery by the configured lead time is after the horizon.
    """
    settings = config.inventory
    day = (cutoff - EPOCH).days
    days = OrderingDays(
        day + settings.order_after_days,
        weekday_numbers(settings.ordering_weekdays),
        weekday_numbers(settings.receiving_weekdays),
    )
    defaults = Defaults(
        settings.lead_times, settings.days_between_orders, settings.service_target, settings.pack_size
    )
    batch = OrderBatch(day, horizon, days, defaults, _policy(settings))
    needed = batch.days_needed
    if needed > horizon:
        allowed = Message(
            "a next delivery within forecast.horizon, {horizon} days: set forecast.horizon to at least "
            "{needed}, or a shorter lead time or review period",
            horizon=horizon,
            needed=needed,
        )
        raise _fault("inventory.lead_time", str(settings.lead_time), allowed)
    return batch


def _policy(settings: InventorySettings) -> Policy:
    return Policy(
        in_lots=settings.policy == "reorder_point",
        service=settings.service,
        lost_sales=settings.unmet_demand == "lost_sale",
        holding_rate=settings.holding_rate,
        delay_rate=settings.delay_rate,
    )


def _write(context: JobContext, run_id: str, cutoff: date, batch: OrderBatch) -> dict[str, int]:
    """Replaces the rows of the run in one commit if they change; returns counts of series by status."""
    warehouse = context.warehouse
    of_run = F.col("run_id") == F.lit(run_id)
    is_used = F.lit(context.config.stock_levels.path is not None)
    stock = warehouse.read(STOCK_LEVELS).where(is_used)
    made = _orders(warehouse, warehouse.read("fits").where(of_run), stock, batch)
    same = {"run_id": F.lit(run_id), "cutoff": F.lit(cutoff), "service": F.lit(batch.policy.service)}
    with persisted(made.withColumns(same)) as rows:
        if not _same_rows(rows, warehouse.read(TABLE).where(of_run)):
            warehouse.replace(TABLE, rows, f"run_id = '{run_id}'")
        counts = rows.groupBy("status").count().orderBy("status").collect()
    return {row["status"]: row["count"] for row in counts}


def _orders(warehouse: Warehouse, fits: DataFrame, stock: DataFrame, batch: OrderBatch) -> DataFrame:
    """Orders from the published means, which planners may have overridden."""
    overridden = warehouse.read("latest_forecasts").where(F.col("override_id").isNotNull())
    if not warehouse.exists("applied_overrides") or overridden.isEmpty():
        return inventory_rows(fits, stock, batch).withColumn("overridden_days", F.lit(0))
    orders = inventory_rows(with_overridden_means(fits, overridden), stock, batch)
    return with_override_words(orders, overridden)


def _same_rows(one: DataFrame, other: DataFrame) -> bool:
    return fingerprint_of_rows(one) == fingerprint_of_rows(other)


def _published(context: JobContext) -> tuple[Run, date]:
    """The published run and its cutoff. Raises: InputError when there is none."""
    row = context.warehouse.read("latest_forecasts").select("run_id", "cutoff").first()
    run = None if row is None else context.runs.find(row["run_id"])
    if row is None or run is None:
        remedy = Message("Run `lepton run`, or `lepton publish`, first.")
        raise InputError(
            explain(Message("table latest_forecasts"), Message("no rows"), Message("a published run"), remedy)
        )
    return run, row["cutoff"]


def _require_sums(context: JobContext, run_id: str) -> None:
    """Raises InputError for a run of an earlier version, without dispersions of demand over several days."""
    of_run = context.warehouse.read("fits").where(F.col("run_id") == F.lit(run_id))
    name = F.lit(sum_dispersion_name(1))
    if not of_run.where(F.element_at("parameters", name).isNull()).limit(1).isEmpty():
        found, allowed = "no dispersions of sums", "a run of this version"
        remedy = Message("Run `lepton run`; it makes a new run.")
        raise InputError(explain(Message("published run {run_id}", run_id=run_id), found, allowed, remedy))


def _horizon(context: JobContext, run: Run) -> int:
    """Days with a forecast. Raises: ConfigError for weekly forecasts."""
    if context.runs.forecast_period(run) != 1:
        raise _fault("forecast.frequency", "weekly", "daily: orders need daily forecasts")
    return run.horizon or context.config.forecast.horizon


def _fault(key: str, found: str, allowed: str) -> ConfigError:
    return ConfigError([Fault("configuration", key, found, allowed)])
