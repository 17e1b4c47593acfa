"""Line identities of earlier warehouses become those of the present version."""

from pathlib import Path

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.pipelines.maintenance.line_identities import renew_identities
from lepton_spark.tables import Warehouse
from tests.pipelines.shop import Shop, a_shop

TILL = "1,A,2021-01-01 10:00,2,5,c1\n1,A,2021-01-01 10:00,2,5,c2\nC2,A,2021-01-02 09:00,-2,5,c2\n"
"""Two lines that differ only in their customer, and a return."""

REFERENCES = {
    "open_orders": (("line_hash", "occurrence"),),
    "cancellations": (("line_hash", "occurrence"), ("cancel_line_hash", "cancel_occurrence")),
    "transactions": (("line_hash", "occurrence"),),
}


def numbered(lines: DataFrame, hash_column: str, number: str, *more: Column) -> DataFrame:
    columns = (F.col("line_hash").alias(hash_column), F.col("occurrence").alias(number))
    return lines.select(*columns, *more)


def state(warehouse: Warehouse) -> dict[str, object]:
    """The identities, and to which line number each reference leads."""
    lines = warehouse.read("transactions")
    found: dict[str, object] = {"hashes": sorted(row["line_hash"] for row in lines.collect())}
    for name, references in REFERENCES.items():
        for columns in references:
            named = numbered(lines, *columns, F.col("line_number").alias("line"))
            rows = warehouse.read(name).join(named, list(columns)).collect()
            found[f"{name} {columns[0]}"] = sorted(row["line"] for row in rows)
    return found


def make_old(warehouse: Warehouse) -> None:
    """Gives each line a hash of 64 digits of its own and the occurrence 1, as it had by all its columns."""
    lines = warehouse.read("transactions")
    old = F.sha2(F.concat_ws("|", "line_hash", F.col("occurrence").cast("string")), 256).alias("old")
    for name, references in REFERENCES.items():
        rows = warehouse.read(name)
        for columns in references:
            joined = rows.join(numbered(lines, *columns, old), list(columns))
            rows = joined.withColumns({columns[0]: F.col("old"), columns[1]: F.lit(1)}).drop("old")
        warehouse.overwrite(name, rows)


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    shop = a_shop(spark, tmp_path)
    shop.deliver("till.csv", TILL)
    shop.load()
    assert shop.warehouse.read("cancellations").count() == 1
    return shop


def test_renewed_identities_are_those_of_a_new_load(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(shop.warehouse)
    assert before["transactions line_hash"] == [2, 3, 4]
    assert (before["cancellations line_hash"], before["cancellations cancel_line_hash"]) == ([3], [4])
    make_old(shop.warehouse)
    old = state(shop.warehouse)
    assert old | {"hashes": []} == before | {"hashes": []}
    assert old["hashes"] != before["hashes"]
    overwrite = Warehouse.overwrite

    def interrupted(warehouse: Warehouse, name: str, rows: object) -> None:
        if name == "transactions":
            raise KeyboardInterrupt
        overwrite(warehouse, name, rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "overwrite", interrupted)
        with pytest.raises(KeyboardInterrupt):
            renew_identities(shop.warehouse)
    assert renew_identities(shop.warehouse) == ["transactions"]
    assert state(shop.warehouse) == before
    assert renew_identities(shop.warehouse) == []
