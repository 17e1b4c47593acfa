"""Writes of a load: its lines, the cancellations among them, and the sales of the days they change."""

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.lines.cancellations import CANDIDATE, match_returns, still_open
from lepton_spark.ingest.lines.daily_sales import derive_sales, sales_of_figures, unknown_days
from lepton_spark.ingest.lines.deduplication import ACCEPTED, REJECTED, SKIPPED
from lepton_spark.ingest.lines.identity import DAY, REJECT_KEY
from lepton_spark.ingest.lines.load_report import LoadReport
from lepton_spark.ingest.lines.reading.quantities import is_return
from lepton_spark.ingest.lines.withdrawals import withdrawn_sales
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.repair.completion import resolved_rejects, window_start
from lepton_spark.pipelines.ingest.repair.recovery import dates_of, on_days, replace_sales, with_load_number
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.tables import Warehouse

LINES_PER_PARTITION = 250_000
"""Lines that one task sorts and writes, if lines change tasks."""

MAX_LINES_SORTED = 1_500_000
"""Lines that one task sorts at most."""

BUCKETS_PER_MONTH = 8
"""In how many parts the products of a month are at most sorted and written."""


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


def write_lines(load: Load, deduplicated: DataFrame, report: LoadReport) -> None:
    """Writes accepted lines to `transactions` and rejected lines to `rejects`.

    A line that was rejected when it was delivered keeps the number of that load: the daily figures of a
    product-day that were delivered together belong together.
    """
    is_again = "rejecting_load" in deduplicated.columns
    number = F.col("rejecting_load") if is_again else F.lit(load.run.load_number)
    of_load = {"ingest_batch": F.lit(load.batch), "load_number": number}
    n_accepted, n_rejected = (report.total[outcome] for outcome in (ACCEPTED, REJECTED))
    if n_accepted:
        accepted = deduplicated.where(F.col("outcome") == ACCEPTED).join(load.files, "file")
        load.warehouse.append("transactions", by_month(accepted, n_accepted).withColumns(of_load))
    if n_rejected:
        rejected = deduplicated.where(F.col("outcome") == REJECTED).join(load.files, "file")
        described = {name: F.col(f"reject.{name}") for name in ("reasons", "words", "line")}
        why = {"reason": F.col("reject.reasons")[0], "file": F.col("name"), **described}
        load.warehouse.append("rejects", rejected.withColumns(why | of_load))


def by_month(lines: DataFrame, n_lines: int) -> DataFrame:
    """The lines sorted by month, series and day: smaller files, which are read faster by series.

    They are sorted by one number, because that is several times as fast as sorting by codes; series of equal
    hash are mixed. They change tasks only where each task would write to too many months.
    """
    month = F.year("date") * 12 + F.month("date")
    series = F.hash("product_id", "location_id")
    in_month = F.shiftleft(F.pmod(series, F.lit(1 << 26)).cast("bigint"), 5) + F.day("date")
    keyed = lines.withColumn("sort_key", F.shiftleft(month.cast("bigint"), 31) + in_month)
    n_partitions = -(-n_lines // LINES_PER_PARTITION)
    if n_partitions == 1:
        keyed = keyed.coalesce(1)
    elif not _is_in_order(lines.select(month.alias("month"))):
        keyed = keyed.repartition(n_partitions, month, F.pmod(series, F.lit(BUCKETS_PER_MONTH)))
    return keyed.sortWithinPartitions("sort_key").drop("sort_key")


def _is_in_order(months: DataFrame) -> bool:
    """Whether the tasks that have the lines would write few files, one for each of their months.

    Files delivered in order of days need one for each month and one for each task that begins within a month.
    A task with too many lines to sort is not in order.
    """
    by_task = months.groupBy(F.spark_partition_id().alias("task"), "month").count().collect()
    lines_of: Counter[int] = Counter()
    for row in by_task:
        lines_of[row["task"]] += row["count"]
    n_months = len({row["month"] for row in by_task})
    return len(by_task) <= n_months + len(lines_of) and max(lines_of.values()) <= MAX_LINES_SORTED


def matches_customers(config: Config) -> bool:
    """Whether returns are matched to the sales that they cancel."""
    return config.input.kind == "transactions" and config.has_customers


def write_cancellations(load: Load, deduplicated: DataFrame, *, has_returns: bool) -> None:
    """Matches the load's returns with its own sales and the open orders of earlier loads.

    Without a privacy key only sales of this load are matched, and no order stays open.
    has_returns: whether any line of the load is a return.
    """
    warehouse, days = load.warehouse, load.config.input.cancel_window_days
    has_key = load.context.privacy_key is not None
    accepted = deduplicated.where((F.col("outcome") == ACCEPTED) & F.col("customer").isNotNull())
    new = accepted.select(*CANDIDATE)
    of_load = {"ingest_batch": F.lit(load.batch)}
    since = window_start(warehouse, days)
    candidates = new
    if has_key:
        earlier = warehouse.read("open_orders").withColumn("customer", F.col("customer_token"))
        has_returns = has_returns or not earlier.where(is_return()).isEmpty()
        if has_returns:
            open_now = still_open(earlier, warehouse.read("cancellations"), since)
            candidates = new.unionByName(open_now.select(*CANDIDATE))
    if has_returns:
        warehouse.append("cancellations", match_returns(candidates, days).withColumns(of_load))
    if has_key:
        kept = still_open(new, warehouse.read("cancellations"), since)
        orders = kept.withColumns({"customer_token": F.col("customer")} | of_load)
        warehouse.append("open_orders", orders)


def write_withdrawals(load: Load, deduplicated: DataFrame) -> int:
    """Writes to `cancellations` the sales that this load shows with a value of `input.skip_where`.

    Returns their number. Without a ticket or `input.identity`, lines of two orders may be equal, so nothing
    is withdrawn.
    """
    settings, may_skip = load.config.input, any(source.skip_where for source in load.config.inputs)
    is_identified = settings.columns.transaction_id is not None or settings.identity is not None
    skipped = deduplicated.where((F.col("outcome") == SKIPPED) & F.col("date").isNotNull())
    if settings.kind != "transactions" or not may_skip or not is_identified or skipped.isEmpty():
        return 0
    stored = load.rows_of_other_loads("transactions").where(on_days(dates_of(skipped)))
    found = withdrawn_sales(deduplicated, stored, load.warehouse.read("cancellations"), load.files)
    with persisted(found.withColumn("ingest_batch", F.lit(load.batch))) as withdrawn:
        n_withdrawn = withdrawn.count()
        if n_withdrawn:
            load.warehouse.append("cancellations", withdrawn)
    return n_withdrawn


def write_sales(load: Load, report: LoadReport, *, on_new_days: bool) -> int:
    """Recomputes `sales` for every product-day that the load has changed.

    Those are the days of its lines, rejected ones included, of its cancellations, of the returns that these
    are matched with, and of earlier rejects that it has resolved. Returns the number of these rejects.
    on_new_days: `sales` has no row on the days of this load's lines.
    """
    warehouse, of_load = load.warehouse, F.col("ingest_batch") == F.lit(load.batch)
    lines, stamp = warehouse.read("transactions").where(of_load), F.lit(load.batch)
    cancelled, rejects = (warehouse.read(name).where(of_load) for name in ("cancellations", "rejects"))
    with resolved_rejects(warehouse, load.batch, load.config.tickets) as resolved:
        n_resolved = 0 if resolved is None else resolved.count()
        if on_new_days and not (report.n_lost or n_resolved) and cancelled.isEmpty():
            warehouse.append("sales", _new_sales(load, lines).withColumn("ingest_batch", stamp))
            return 0
        if resolved is not None:
            no_longer = warehouse.read("rejects").join(resolved, list(REJECT_KEY), "left_semi")
            rejects = rejects.unionByName(no_longer)
        named = unknown_days(with_load_number(warehouse, rejects))
        returned_on = cancelled.withColumn("date", F.col("cancelled_on"))
        changed = (frame.select(*DAY) for frame in (lines, cancelled, returned_on, named))
        with persisted(reduce(DataFrame.union, changed).distinct()) as days:
            replace_sales(warehouse, days, stamp, resolved)
    return n_resolved


def _new_sales(load: Load, lines: DataFrame) -> DataFrame:
    """Sales of product-days of which all lines are in this load, none of them cancelled."""
    settings = load.config.input
    if settings.kind == "daily" and settings.conflicts == "reject":
        return sales_of_figures(lines)
    return derive_sales(lines, load.warehouse.read("cancellations").limit(0))
