"""Renews the line identities of tables that were written before schema version 7.

Until then a line was known by a hash of all its source columns, 64 digits long; now by its typed values, 32
digits long. A table is overwritten in one commit, and the number of digits shows what is still to be done, so
that an interrupted migration continues.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import hash_of_stored
from lepton_spark.ingest.lines.reading.quantities import is_daily
from lepton_spark.tables import Warehouse

OLD_LENGTH = 64
NEW_LENGTH = 32

REFERRING = {
    "open_orders": (("line_hash", "occurrence"),),
    "cancellations": (("line_hash", "occurrence"), ("cancel_line_hash", "cancel_occurrence")),
}
"""Tables that refer to lines, with the columns of the reference."""


def renew_identities(warehouse: Warehouse) -> list[str]:
    """Replaces the old identities and returns the tables; `transactions` last, as others refer to it."""
    renewed = []
    if _is_old(warehouse, "rejects"):
        shorter = F.substring("line_hash", 1, NEW_LENGTH)
        warehouse.overwrite("rejects", warehouse.read("rejects").withColumn("line_hash", shorter))
        renewed.append("rejects")
    if not _is_old(warehouse, "transactions"):
        return renewed
    lines = _renumbered(warehouse.read("transactions"))
    for name, references in REFERRING.items():
        if _is_old(warehouse, name):
            rows = warehouse.read(name)
            for columns in references:
                rows = _referring(rows, lines, *columns)
            warehouse.overwrite(name, rows)
            renewed.append(name)
    present = lines.withColumns({"line_hash": F.col("new_hash"), "occurrence": F.col("new_occurrence")})
    warehouse.overwrite("transactions", present)
    return [*renewed, "transactions"]


def _is_old(warehouse: Warehouse, name: str) -> bool:
    if not warehouse.exists(name):
        return False
    return not warehouse.read(name).where(F.length("line_hash") == OLD_LENGTH).isEmpty()


def _renumbered(lines: DataFrame) -> DataFrame:
    """Lines with `new_hash` and `new_occurrence`; equal transactions are numbered over all loads.

    A daily figure may come again in a later load, so those are numbered by load.
    """
    hashed = lines.withColumn("new_hash", hash_of_stored(is_daily()))
    load = F.when(is_daily(), F.col("load_number")).otherwise(F.lit(0))
    equal = Window.partitionBy("new_hash", load).orderBy(
        "load_number", "content_hash", "line_number", "line_hash", "occurrence"
    )
    return hashed.withColumn("new_occurrence", F.row_number().over(equal))


def _referring(rows: DataFrame, lines: DataFrame, hash_column: str, occurrence: str) -> DataFrame:
    new = lines.where(~is_daily()).select(
        F.col("line_hash").alias(hash_column),
        F.col("occurrence").alias(occurrence),
        "new_hash",
        "new_occurrence",
    )
    found = rows.join(new, [hash_column, occurrence], "left")
    columns = {hash_column: F.coalesce("new_hash", hash_column)}
    numbered = {occurrence: F.coalesce("new_occurrence", occurrence)}
    return found.withColumns(columns | numbered).drop("new_hash", "new_occurrence")
