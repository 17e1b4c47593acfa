"""The forget job: erases a product or a person from every table, its files and its earlier versions."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.lines.identity import token
from lepton_spark.ingest.lines.reading.parsing import trimmed
from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import TABLES, Warehouse

AUTHOR = "who"
"""The column with the author of an override."""

ERASED_WORDS = "removed: the explanation quoted data that has been erased"


@dataclass(frozen=True)
class Subject:
    """What is erased.

    rows: by table, the condition of the rows to delete, or whose `column` becomes null if one is named.
    text: a text that must not remain in explanations.
    """

    rows: Mapping[str, Column]
    text: str | None = None
    column: str | None = None


def product_subject(product_id: str) -> Subject:
    """A product at all locations, by its id in the tables."""
    own_rows = F.col("product_id") == F.lit(product_id)
    rows = {name: own_rows for name, table in TABLES.items() if "product_id" in table.column_names}
    quoted = _quotes(product_id)
    total = F.col("segment") == F.lit(f"product={product_id}")
    more = {"rejects": own_rows | quoted, "side_rejects": quoted, "group_forecasts": total}
    return Subject({**rows, **more}, product_id)


def customer_subject(context: JobContext, number: str) -> Subject:
    """A customer, by the number in the source files; the tables hold only a keyed hash of it.

    Raises: InputError without a privacy key or a customer column: then no table holds a customer.
    """
    key = context.privacy_key
    if key is None or not context.config.has_customers:
        found = "LEPTON_PRIVACY_KEY unset" if key is None else "input.columns.customer_id unset"
        remedy = "Set the key and the configuration that the customer was loaded with."
        raise InputError(explain("customer to forget", found, "both set", remedy))
    return Subject({"open_orders": F.col("customer_token") == F.lit(token(key, number))})


def planner_subject(name: str) -> Subject:
    """A planner, by the name in `overrides`: the overrides stay, without their author."""
    theirs = F.col(AUTHOR) == F.lit(name)
    return Subject(dict.fromkeys(("overrides", "applied_overrides"), theirs), column=AUTHOR)


def _quotes(product_id: str) -> Column:
    """Whether a rejected line has the product's id as one of its values, or anywhere if it is malformed."""
    values = F.map_values(F.from_json("line", "map<string, string>"))
    wanted = F.lower(F.lit(product_id))
    is_value = F.exists(values, lambda value: F.lower(trimmed(value)) == wanted)
    anywhere = F.contains(F.lower("line"), wanted) & F.col("line").startswith('{"malformed"')
    return F.coalesce(is_value | anywhere, F.lit(False))


def count_rows(context: JobContext, subject: Subject) -> dict[str, int]:
    """The number of rows to be deleted or changed, by table; tables without such rows are left out."""
    warehouse = context.warehouse
    existing = {name: rows for name, rows in subject.rows.items() if warehouse.exists(name)}
    counts = {name: warehouse.read(name).where(rows).count() for name, rows in existing.items()}
    return {name: count for name, count in counts.items() if count}


def run_forget(context: JobContext, subject: Subject) -> None:
    """Deletes the rows or their column, then erases the earlier versions of every table that may hold them.

    Safe to interrupt and run again.
    """
    warehouse = context.warehouse
    affected = [*subject.rows, *(["files"] if subject.text is not None else [])]
    with context.stage("delete the rows"):
        for name, rows in subject.rows.items():
            _erase(warehouse, name, rows, subject.column)
        if subject.text is not None:
            _redact_files(warehouse, subject.text)
        warehouse.clear_build_folder()
    for name in filter(warehouse.exists, affected):
        with context.stage(f"erase earlier versions of {name}"):
            warehouse.erase_history(name, context.clock())


def _erase(warehouse: Warehouse, name: str, rows: Column, column: str | None) -> None:
    """Deletes the rows, or their values in a column."""
    if column is None:
        warehouse.delete(name, rows)
    elif warehouse.exists(name):
        warehouse.update(name, rows, {column: F.lit(None).cast("string")})


def _redact_files(warehouse: Warehouse, text: str) -> None:
    """Replaces explanations of refused files that quote the text."""
    quoting = warehouse.read("files").where(F.contains(F.lower("words"), F.lower(F.lit(text))))
    if not quoting.isEmpty():
        warehouse.merge("files", quoting.withColumn("words", F.lit(ERASED_WORDS)))
