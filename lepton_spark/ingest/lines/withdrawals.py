"""Withdrawn sales: a sale that a later file shows as cancelled, by a value of `input.skip_where`."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.deduplication import ACCEPTED, SKIPPED
from lepton_spark.ingest.lines.identity import DAY, IDENTITY
from lepton_spark.ingest.lines.reading.quantities import is_return

_FILE_OF_EARLIER_LOAD = -1


def withdrawn_sales(
    lines: DataFrame, stored: DataFrame | None, cancellations: DataFrame, files: DataFrame
) -> DataFrame:
    """The sales that later files show with a value of `input.skip_where`, as rows of `cancellations`.

    Their cancel_line_hash is the content hash of the file that shows them so.

    They count as never sold. Of several sales with the same identity, as many are withdrawn as the last file
    with such lines skips, but none that it also lists as sold.
    lines: those of this load, with their outcomes. stored: rows of `transactions` of earlier loads; None if
    there are none. cancellations: sales in it are cancelled already. files: file, content_hash.
    """
    by_file = lines.where(F.col("reject").isNull()).groupBy("line_hash", "file")
    counted = by_file.agg(
        F.max(F.when(F.col("outcome") == SKIPPED, F.col("occurrence"))).alias("n_skipped"),
        F.max(F.when(F.col("outcome") != SKIPPED, F.col("occurrence"))).alias("n_sold"),
    )
    skipping = counted.where(F.col("n_skipped").isNotNull())
    latest = skipping.groupBy("line_hash").agg(
        *(F.max_by(name, "file").alias(name) for name in ("n_skipped", "n_sold")),
        F.max("file").alias("skipping_file"),
    )
    columns = (*DAY, *IDENTITY, "quantity", "file")
    sales = lines.where((F.col("outcome") == ACCEPTED) & ~is_return()).select(*columns)
    if stored is not None:
        earlier = stored.where(~is_return()).withColumn("file", F.lit(_FILE_OF_EARLIER_LOAD))
        sales = sales.unionByName(earlier.select(*columns))
    known = sales.join(latest, "line_hash").where(F.col("file") < F.col("skipping_file"))
    n_known = known.groupBy("line_hash").agg(F.max("occurrence").alias("n_known"))
    n_left = F.greatest(F.coalesce("n_sold", F.lit(0)), F.col("n_known") - F.col("n_skipped"))
    withdrawn = known.join(n_known, "line_hash").where(F.col("occurrence") > n_left)
    by = {"cancel_line_hash": F.col("content_hash"), "cancel_occurrence": F.col("occurrence")}
    of_file = files.select(F.col("file").alias("skipping_file"), "content_hash")
    rows = withdrawn.join(of_file, "skipping_file").withColumns({"cancelled_on": F.col("date"), **by})
    kept = (*DAY, "cancelled_on", "quantity", *IDENTITY, *by)
    return rows.join(cancellations, list(IDENTITY), "left_anti").select(*kept)
