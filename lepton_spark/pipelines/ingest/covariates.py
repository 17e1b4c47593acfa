"""Loads covariates: replaces the tables of plans, products, stock and priors when their sources change."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.covariates.definitions import covariate_sources
from lepton_spark.ingest.covariates.source import CovariateSource, read_covariates
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run_id import fingerprint_of_rows
from lepton_spark.tables import Warehouse

REJECTS = "side_rejects"


def load_covariates(context: JobContext, only: str | None = None) -> None:
    """Replaces the table and the rejects of each configured covariate, unless they are unchanged.

    only: the name of a single one; None: all.

    Raises: InputError for a source that cannot be read.
    """
    for source in covariate_sources(context.config):
        if only not in (None, source.name):
            continue
        with context.stage(source.name) as stage:
            stage.note(_load(context, source))


def _load(context: JobContext, source: CovariateSource) -> str:
    """Loads one covariate and returns its counts as text."""
    rows = read_covariates(context.spark, source).persist()
    try:
        good, refused = _valid(rows, source), rows.where(F.col("reason").isNotNull())
        _write_if_changed(context.warehouse, source.name, good, refused)
        return _summary(good.count(), refused)
    finally:
        rows.unpersist()


def _write_if_changed(warehouse: Warehouse, name: str, good: DataFrame, refused: DataFrame) -> None:
    if not warehouse.exists(name) or not _same_rows(good, warehouse.read(name)):
        warehouse.overwrite(name, good)
    counted = refused.groupBy("reason", "line").agg(F.count("*").alias("n_rows"))
    bad = counted.withColumn("source", F.lit(name))
    if not _same_rows(bad, warehouse.read(REJECTS).where(F.col("source") == F.lit(name))):
        warehouse.replace(REJECTS, bad, f"source = '{name}'")


def _same_rows(one: DataFrame, other: DataFrame) -> bool:
    return fingerprint_of_rows(one) == fingerprint_of_rows(other)


def examine_covariate(spark: SparkSession, source: CovariateSource) -> str:
    """The counts that loading the covariate would give, as text; writes nothing.

    Raises: InputError for a source that cannot be read.
    """
    rows = read_covariates(spark, source)
    return _summary(_valid(rows, source).count(), rows.where(F.col("reason").isNotNull()))


def _valid(rows: DataFrame, source: CovariateSource) -> DataFrame:
    columns = (column.name for column in source.columns)
    return rows.where(F.col("reason").isNull()).select(*columns).distinct()


def _summary(n_valid: int, refused: DataFrame) -> str:
    counts = refused.groupBy("reason").count().collect()
    reasons = sorted((row["reason"], row["count"]) for row in counts)
    return f"{n_valid:,} rows" + "".join(f", {count:,} rejected: {reason}" for reason, count in reasons)
