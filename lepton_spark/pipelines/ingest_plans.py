"""Plans to Delta: what their source says now, in one commit, when it changed."""

import hashlib
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.plans import read_plans
from lepton_spark.pipelines.progress import Progress
from lepton_spark.tables import Warehouse
from lepton_spark.tables.plan_tables import EVERYWHERE
from lepton_spark.tables.schema import SERIES_KEY

_FACTS = ("product_id", "location_id", "start_date", "end_date", "known_at", "measures")


def load_plans(spark: SparkSession, config: Config, progress: Progress) -> None:
    """Replaces `plans` and `plan_rejects` by what the source says, unless they say it already.

    Raises: InputError for a source that cannot be read.
    """
    if config.plans.path is None:
        return
    warehouse = Warehouse(spark, config.warehouse.root)
    with progress.stage("plans") as stage:
        rows = read_plans(spark, config.plans, config.input.product_case).persist()
        try:
            good = rows.where(F.col("reason").isNull()).select(*_FACTS).distinct()
            refused_rows = rows.where(F.col("reason").isNotNull())
            bad = refused_rows.groupBy("reason", "line").agg(F.count("*").alias("n_rows"))
            for table, said in (("plans", good), ("plan_rejects", bad)):
                if not warehouse.exists(table) or fingerprint(said) != fingerprint(warehouse.read(table)):
                    warehouse.overwrite(table, said)
            counts = refused_rows.groupBy("reason").count().collect()
            reasons = {row["reason"]: row["count"] for row in counts}
            refused = "".join(f", {count:,} refused: {reason}" for reason, count in sorted(reasons.items()))
            stage.note(f"{good.count():,} rows{refused}")
        finally:
            rows.unpersist()


def known_plans(warehouse: Warehouse, config: Config, cutoff: date) -> DataFrame | None:
    """The rows of `plans` known by a cutoff; None without the section.

    Raises: InputError when they were never loaded, or hold other measures than the configuration.
    """
    if config.plans.path is None:
        return None
    if not warehouse.exists("plans"):
        raise InputError(
            explain("table plans", "none", "what plans.path holds", "Run `lepton ingest` first.")
        )
    plans = warehouse.read("plans").where(F.col("known_at") <= F.lit(cutoff))
    other = plans.where(F.size("measures") != F.lit(config.plans.n_measures))
    if not other.isEmpty():
        allowed = f"{config.plans.n_measures} measures, as plans.columns.measures"
        raise InputError(explain("table plans", "rows of others", allowed, "Run `lepton ingest` again."))
    return plans


def fingerprint(rows: DataFrame) -> str:
    """What rows say, whatever the order of rows and columns."""
    hashed = F.xxhash64(*sorted(rows.columns))
    row = rows.agg(F.count("*").alias("n"), F.sum(hashed.cast("decimal(38,0)")).alias("sum")).first()
    said = "" if row is None else f"{row['n']}:{row['sum']}"
    return hashlib.sha256(said.encode()).hexdigest()


def plans_of_series(plans: DataFrame, series: DataFrame) -> DataFrame:
    """One row a series that has plans: `plan`, a flat list of first, last, known day and measures of each.

    A plan without a location is for all of the product's. series: with the key of each, any number of rows.
    """
    keys = series.select(*SERIES_KEY).distinct()
    at = plans.withColumnRenamed("location_id", "planned_at")
    here = F.col("planned_at").isin(EVERYWHERE) | (F.col("planned_at") == F.col("location_id"))
    days = (F.unix_date(name).cast("double") for name in ("start_date", "end_date", "known_at"))
    facts = F.concat(F.array(*days), "measures")
    joined = keys.join(at, "product_id").where(here).select(*SERIES_KEY, facts.alias("facts"))
    by_series = joined.groupBy(*SERIES_KEY).agg(F.sort_array(F.collect_list("facts")).alias("lists"))
    return by_series.select(*SERIES_KEY, F.flatten("lists").alias("plan"))
