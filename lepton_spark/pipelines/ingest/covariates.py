"""Inputs beside sales to Delta: what their sources say now, in one commit each, when it changed."""

import hashlib

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.covariates.definitions import covariate_sources
from lepton_spark.ingest.covariates.source import CovariateSource, read_covariates
from lepton_spark.pipelines.context import Progress
from lepton_spark.tables import Warehouse

REJECTS = "side_rejects"


def load_side_inputs(spark: SparkSession, config: Config, progress: Progress) -> None:
    """Replaces each configured input's table, and its rejects, unless they say the same already.

    Raises: InputError for a source that cannot be read.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    for side in covariate_sources(config):
        with progress.stage(side.name) as stage:
            stage.note(_load(spark, warehouse, side))


def _load(spark: SparkSession, warehouse: Warehouse, side: CovariateSource) -> str:
    """What came of it, in words."""
    rows = read_covariates(spark, side).persist()
    try:
        good = rows.where(F.col("reason").isNull()).select(*(c.name for c in side.columns)).distinct()
        refused = rows.where(F.col("reason").isNotNull())
        if not warehouse.exists(side.name) or fingerprint(good) != fingerprint(warehouse.read(side.name)):
            warehouse.overwrite(side.name, good)
        counted = refused.groupBy("reason", "line").agg(F.count("*").alias("n_rows"))
        bad = counted.withColumn("source", F.lit(side.name))
        mine = warehouse.read(REJECTS).where(F.col("source") == F.lit(side.name))
        if fingerprint(bad) != fingerprint(mine):
            warehouse.replace(REJECTS, bad, f"source = '{side.name}'")
        return _told(good.count(), refused)
    finally:
        rows.unpersist()


def examine_side(spark: SparkSession, side: CovariateSource) -> str:
    """What would come of it, in words; writes nothing.

    Raises: InputError for a source that cannot be read.
    """
    rows = read_covariates(spark, side)
    good = rows.where(F.col("reason").isNull()).select(*(c.name for c in side.columns)).distinct()
    return _told(good.count(), rows.where(F.col("reason").isNotNull()))


def _told(n_good: int, refused: DataFrame) -> str:
    counts = refused.groupBy("reason").count().collect()
    reasons = sorted((row["reason"], row["count"]) for row in counts)
    return f"{n_good:,} rows" + "".join(f", {count:,} refused: {reason}" for reason, count in reasons)


def fingerprint(rows: DataFrame) -> str:
    """What rows say, whatever the order of rows and columns."""
    hashed = F.xxhash64(*sorted(rows.columns))
    row = rows.agg(F.count("*").alias("n"), F.sum(hashed.cast("decimal(38,0)")).alias("sum")).first()
    said = "" if row is None else f"{row['n']}:{row['sum']}"
    return hashlib.sha256(said.encode()).hexdigest()
