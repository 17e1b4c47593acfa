"""Warns about covariates of which no product is sold, usually because its id is written in another way."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.covariates.definitions import covariate_sources
from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import TABLES

ZEROS_APART = "; the ids differ only by leading zeros or a trailing .0"


def unmatched_covariates(context: JobContext) -> tuple[str, ...]:
    """A warning for each configured covariate none of whose products is sold."""
    sources = covariate_sources(context.config)
    names = [source.name for source in sources if "product_id" in TABLES[source.name].column_names]
    if not names or not context.warehouse.exists("sales"):
        return ()
    sold = context.warehouse.read("sales").select("product_id").distinct()
    warnings = (_warning(name, context.warehouse.read(name), sold) for name in names)
    return tuple(warning for warning in warnings if warning is not None)


def _warning(name: str, covariate: DataFrame, sold: DataFrame) -> str | None:
    products = covariate.select("product_id").distinct()
    marked = products.join(sold.withColumn("is_sold", F.lit(True)), "product_id", "left")
    counts = marked.agg(
        F.count("*").alias("n"), F.count("is_sold").alias("sold"), F.min("product_id")
    ).first()
    example = sold.agg(F.min("product_id")).first()
    if counts is None or example is None or example[0] is None or not counts["n"] or counts["sold"]:
        return None
    found = f"0 of {counts['n']:,} products of `{name}` are sold ({counts[2]}; sold: {example[0]})"
    bare = products.select(_without_zeros().alias("id")).join(sold.select(_without_zeros().alias("id")), "id")
    return f"{found}{'' if bare.isEmpty() else ZEROS_APART}. Have both files written with the same ids."


def _without_zeros() -> Column:
    return F.regexp_replace(F.regexp_replace("product_id", r"\.0+$", ""), "^0+(?=.)", "")
