"""Changed orders: a line that was loaded before comes again with other figures."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import OF_TICKET
from lepton_spark.ingest.lines.reading.quantities import is_return


def changed_orders(accepted: DataFrame, stored: DataFrame) -> tuple[int, str, str] | None:
    """The number of accepted sales whose ticket, product and day were loaded before with other figures.

    With the ticket and product of one of them; None if there are none.
    accepted: new lines of this load. stored: rows of `transactions` of earlier loads.
    """
    sales = accepted.where(F.col("transaction_id").isNotNull() & ~is_return())
    earlier = stored.where(~is_return()).select(*OF_TICKET).distinct()
    found = sales.join(earlier, list(OF_TICKET), "left_semi")
    row = found.agg(
        F.count("*").alias("lines"),
        F.min(F.struct("transaction_id", "product_id")).alias("example"),
    ).first()
    if row is None or not row["lines"]:
        return None
    return row["lines"], row["example"]["transaction_id"], row["example"]["product_id"]
