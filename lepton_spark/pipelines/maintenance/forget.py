"""A product, or a customer, removed from every table, then from their files and their past."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.lines.identity import token
from lepton_spark.ingest.lines.parsing import trimmed
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.runs.run_log import Clock
from lepton_spark.tables import TABLES, Warehouse

WORDS_GONE = "not told: it spoke of what was forgotten"


@dataclass(frozen=True)
class Subject:
    """What is to be forgotten: `rows` by table, as conditions; `words`: text that must not stay in words."""

    rows: Mapping[str, Column]
    words: str | None = None


def product(product_id: str) -> Subject:
    """A product at all its locations, by its code as the tables have it."""
    mine = F.col("product_id") == F.lit(product_id)
    rows = {name: mine for name, table in TABLES.items() if "product_id" in table.column_names}
    said = _says(product_id)
    total = F.col("segment") == F.lit(f"product={product_id}")
    further = {"rejects": mine | said, "side_rejects": said, "group_forecasts": total}
    return Subject({**rows, **further}, product_id)


def customer(text: str, config: Config, key: bytes | None) -> Subject:
    """A customer, as the source writes the number; only keyed hashes of it stand anywhere.

    Raises: InputError without a key or without a column of customers: then no customer stands in any table.
    """
    column = config.input.columns.customer_id
    if key is None or column is None:
        found = "LEPTON_PRIVACY_KEY unset" if key is None else "input.columns.customer_id unset"
        remedy = "Give the key and the configuration that the customer was loaded with."
        raise InputError(explain("customer to forget", found, "both set", remedy))
    return Subject({"open_orders": F.col("customer_token") == F.lit(token(key, column, text))})


def _says(product_id: str) -> Column:
    """Whether a rejected line has the product's code as one of its values, or could not be taken apart."""
    values = F.map_values(F.from_json("line", "map<string, string>"))
    wanted = F.lower(F.lit(product_id))
    one_of_them = F.exists(values, lambda value: F.lower(trimmed(value)) == wanted)
    anywhere = F.contains(F.lower("line"), wanted) & F.col("line").startswith('{"malformed"')
    return F.coalesce(one_of_them | anywhere, F.lit(False))


def count_rows(spark: SparkSession, config: Config, subject: Subject) -> dict[str, int]:
    """How many rows of which table would go; tables without one are left out."""
    warehouse = Warehouse(spark, config.warehouse.root)
    there = {name: rows for name, rows in subject.rows.items() if warehouse.exists(name)}
    counts = {name: warehouse.read(name).where(rows).count() for name, rows in there.items()}
    return {name: count for name, count in counts.items() if count}


def forget(spark: SparkSession, config: Config, subject: Subject, clock: Clock, progress: Progress) -> None:
    """Deletes the rows, then ends the past of every table that may have held one.

    Cut short and done again, it goes on: rows that are gone are not missed, a past that ended ends again.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    spoken_of = [*subject.rows, *(["files"] if subject.words is not None else [])]
    with progress.stage("delete the rows"):
        for name, rows in subject.rows.items():
            warehouse.delete(name, rows)
        if subject.words is not None:
            _reword_files(warehouse, subject.words)
        warehouse.clear_build_folder()
    for name in filter(warehouse.exists, spoken_of):
        with progress.stage(f"end the past of {name}"):
            warehouse.erase_history(name, clock())


def _reword_files(warehouse: Warehouse, words: str) -> None:
    """The words of a refused file may quote a line of it."""
    quoting = warehouse.read("files").where(F.contains(F.lower("words"), F.lower(F.lit(words))))
    if not quoting.isEmpty():
        warehouse.merge("files", quoting.withColumn("words", F.lit(WORDS_GONE)))
