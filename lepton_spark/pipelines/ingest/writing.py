"""What a load writes: its lines, what they cancel, and the sales of the days they change."""

from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.lines import deduplication
from lepton_spark.ingest.lines.cancellations import CANDIDATE, match_returns, still_open
from lepton_spark.ingest.lines.daily_sales import DAY
from lepton_spark.pipelines.ingest.recovery import sales_of
from lepton_spark.pipelines.runs.run_log import Run
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Load:
    """What every step of one load needs to know."""

    spark: SparkSession
    warehouse: Warehouse
    config: Config
    key: bytes | None
    run: Run
    files: DataFrame = field(repr=False)

    @property
    def batch(self) -> str:
        """The load's id."""
        return str(self.run.ingest_batch)

    def stored(self, name: str) -> DataFrame:
        """A table's rows of other loads: Delta shows a table as it is whenever the frame is worked out."""
        return self.warehouse.read(name).where(F.col("ingest_batch") != F.lit(self.batch))


def write_lines(load: Load, placed: DataFrame) -> None:
    """Accepted lines to `transactions`, rejected ones to `rejects`."""
    accepted = placed.where(F.col("outcome") == deduplication.ACCEPTED).join(load.files, "file")
    of_load = {"ingest_batch": F.lit(load.batch), "load_number": F.lit(load.run.load_number)}
    load.warehouse.append("transactions", accepted.withColumns(of_load))
    rejected = placed.where(F.col("outcome") == deduplication.REJECTED).join(load.files, "file")
    named = rejected.withColumns({"reason": F.col("reasons")[0], "file": F.col("name")} | of_load)
    load.warehouse.append("rejects", named)


def matches_customers(config: Config) -> bool:
    """Whether returns are matched to the sales they cancel."""
    return config.input.kind == "transactions" and config.input.columns.customer_id is not None


def write_cancellations(load: Load, placed: DataFrame) -> None:
    """What this load's lines cancel, or are cancelled by, among themselves and the open orders."""
    days = load.config.input.cancel_window_days
    accepted = placed.where((F.col("outcome") == deduplication.ACCEPTED) & F.col("customer").isNotNull())
    new = accepted.select(*CANDIDATE)
    of_load = {"ingest_batch": F.lit(load.batch)}
    earlier = load.warehouse.read("open_orders").withColumn("customer", F.col("customer_token"))
    matched = load.warehouse.read("cancellations")
    open_before = still_open(earlier, matched, load.warehouse.read("transactions"), days).select(*CANDIDATE)
    candidates = new if load.key is None else new.unionByName(open_before)
    load.warehouse.append("cancellations", match_returns(candidates, days).withColumns(of_load))
    if load.key is not None:
        kept = still_open(
            new, load.warehouse.read("cancellations"), load.warehouse.read("transactions"), days
        )
        load.warehouse.append(
            "open_orders", kept.withColumns({"customer_token": F.col("customer")} | of_load)
        )


def write_sales(load: Load) -> None:
    """`sales` of every product-day that the load has a line of, or a cancellation from or on it."""
    of_load = F.col("ingest_batch") == F.lit(load.batch)
    lines = load.warehouse.read("transactions").where(of_load).select(*DAY)
    cancelled = load.warehouse.read("cancellations").where(of_load)
    returned_on = cancelled.select("product_id", "location_id", F.col("cancelled_on").alias("date"))
    days = lines.union(cancelled.select(*DAY)).union(returned_on).distinct()
    sales = sales_of(load.warehouse, days).withColumn("ingest_batch", F.lit(load.batch))
    write = load.warehouse.merge if load.warehouse.exists("sales") else load.warehouse.append
    write("sales", sales)
