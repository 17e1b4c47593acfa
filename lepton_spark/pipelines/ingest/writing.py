"""Writes of a load: its lines, the cancellations among them, and the sales of the days they change."""

from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.lines import deduplication
from lepton_spark.ingest.lines.cancellations import CANDIDATE, match_returns, still_open
from lepton_spark.ingest.lines.daily_sales import DAY
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.recovery import sales_of
from lepton_spark.pipelines.runs.run_log import Run
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Load:
    """One load of files: its run and its files, one row each (file, content_hash, name)."""

    context: JobContext
    run: Run
    files: DataFrame = field(repr=False)

    @property
    def batch(self) -> str:
        """The load's id."""
        return str(self.run.ingest_batch)

    @property
    def config(self) -> Config:
        """The configuration of the job."""
        return self.context.config

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse that the load writes to."""
        return self.context.warehouse

    def rows_of_other_loads(self, name: str) -> DataFrame:
        """A table without this load's own rows: a frame evaluated after a write would include them."""
        return self.warehouse.read(name).where(F.col("ingest_batch") != F.lit(self.batch))


def write_lines(load: Load, deduplicated: DataFrame) -> None:
    """Writes accepted lines to `transactions` and rejected lines to `rejects`."""
    accepted = deduplicated.where(F.col("outcome") == deduplication.ACCEPTED).join(load.files, "file")
    of_load = {"ingest_batch": F.lit(load.batch), "load_number": F.lit(load.run.load_number)}
    load.warehouse.append("transactions", accepted.withColumns(of_load))
    rejected = deduplicated.where(F.col("outcome") == deduplication.REJECTED).join(load.files, "file")
    named = rejected.withColumns({"reason": F.col("reasons")[0], "file": F.col("name")} | of_load)
    load.warehouse.append("rejects", named)


def matches_customers(config: Config) -> bool:
    """Whether returns are matched to the sales that they cancel."""
    return config.input.kind == "transactions" and config.input.columns.customer_id is not None


def write_cancellations(load: Load, deduplicated: DataFrame) -> None:
    """Matches the load's returns with its own sales and the open orders of earlier loads.

    Without a privacy key only sales of this load are matched, and no order stays open.
    """
    warehouse, days = load.warehouse, load.config.input.cancel_window_days
    has_key = load.context.privacy_key is not None
    accepted = deduplicated.where(
        (F.col("outcome") == deduplication.ACCEPTED) & F.col("customer").isNotNull()
    )
    new = accepted.select(*CANDIDATE)
    of_load = {"ingest_batch": F.lit(load.batch)}
    earlier = warehouse.read("open_orders").withColumn("customer", F.col("customer_token"))
    matched, lines = warehouse.read("cancellations"), warehouse.read("transactions")
    candidates = new
    if has_key:
        candidates = new.unionByName(still_open(earlier, matched, lines, days).select(*CANDIDATE))
    warehouse.append("cancellations", match_returns(candidates, days).withColumns(of_load))
    if has_key:
        kept = still_open(new, warehouse.read("cancellations"), warehouse.read("transactions"), days)
        orders = kept.withColumns({"customer_token": F.col("customer")} | of_load)
        warehouse.append("open_orders", orders)


def write_sales(load: Load) -> None:
    """Recomputes `sales` for every product-day that the load has lines for or cancellations from or on."""
    of_load = F.col("ingest_batch") == F.lit(load.batch)
    lines = load.warehouse.read("transactions").where(of_load).select(*DAY)
    cancelled = load.warehouse.read("cancellations").where(of_load)
    returned_on = cancelled.select("product_id", "location_id", F.col("cancelled_on").alias("date"))
    days = lines.union(cancelled.select(*DAY)).union(returned_on).distinct()
    sales = sales_of(load.warehouse, days).withColumn("ingest_batch", F.lit(load.batch))
    write = load.warehouse.merge if load.warehouse.exists("sales") else load.warehouse.append
    write("sales", sales)
