"""Changes of `sales` in packed rows: the same rows as if all sales were packed again."""

from collections.abc import Sequence
from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession

from lepton_spark.panel.pack import pack
from lepton_spark.panel.update import changes_by_year, updated

SALES = "product_id string, location_id string, date date, quantity double, price double"
FEED = f"{SALES}, _change_type string, _commit_version long"

Sale = tuple[str, str, date, float | None, float | None]
Change = tuple[str, str, date, float | None, float | None, str, int]

BEFORE: Sequence[Sale] = [
    ("a", "all", date(2023, 12, 31), 3.0, 2.5),
    ("a", "all", date(2024, 1, 2), 7.0, None),
    ("a", "all", date(2024, 1, 4), None, 2.0),
    ("b", "all", date(2024, 1, 3), 0.0, 1.0),
]


def sale(product: str, day: date, quantity: float | None, price: float | None) -> Sale:
    return product, "all", day, quantity, price


def change(of: Sale, kind: str, version: int) -> Change:
    return *of, kind, version


def rows_of(packed: DataFrame) -> list[tuple[object, ...]]:
    return [tuple(row) for row in packed.orderBy("product_id", "location_id", "chunk").collect()]


LATER = sale("a", date(2024, 1, 6), 5.0, 3.0)
EARLIER = sale("a", date(2024, 1, 1), 4.0, 3.5)
UNKNOWN = sale("a", date(2024, 1, 3), None, None)
OF_NEW_YEAR = sale("b", date(2025, 1, 1), 1.0, 1.0)
OF_NEW_SERIES = [sale("c", date(2024, 2, 2), 1.0, None), sale("c", date(2024, 1, 31), 2.0, 1.0)]
FIRST, LAST, ONLY = BEFORE[1], BEFORE[2], BEFORE[3]
CORRECTED, TWICE = sale("a", FIRST[2], 1.5, 9.0), sale("a", FIRST[2], 2.5, 8.0)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        pytest.param([change(LATER, "insert", 1)], [*BEFORE, LATER], id="day after the last"),
        pytest.param([change(EARLIER, "insert", 1)], [*BEFORE, EARLIER], id="day before the first"),
        pytest.param([change(UNKNOWN, "insert", 1)], [*BEFORE, UNKNOWN], id="unknown day in a gap"),
        pytest.param([change(OF_NEW_YEAR, "insert", 1)], [*BEFORE, OF_NEW_YEAR], id="new year"),
        pytest.param(
            [change(row, "insert", 1) for row in OF_NEW_SERIES], [*BEFORE, *OF_NEW_SERIES], id="new series"
        ),
        pytest.param([change(FIRST, "delete", 1)], [BEFORE[0], *BEFORE[2:]], id="first day deleted"),
        pytest.param([change(LAST, "delete", 1)], [*BEFORE[:2], BEFORE[3]], id="last day deleted"),
        pytest.param([change(ONLY, "delete", 1)], BEFORE[:3], id="only day deleted"),
        pytest.param(
            [change(FIRST, "update_preimage", 1), change(CORRECTED, "update_postimage", 1)],
            [BEFORE[0], CORRECTED, *BEFORE[2:]],
            id="corrected",
        ),
        pytest.param(
            [change(TWICE, "update_postimage", 12), change(CORRECTED, "update_postimage", 9)],
            [BEFORE[0], TWICE, *BEFORE[2:]],
            id="corrected twice",
        ),
        pytest.param(
            [change(CORRECTED, "insert", 3), change(FIRST, "delete", 3)],
            [BEFORE[0], CORRECTED, *BEFORE[2:]],
            id="replaced in one commit",
        ),
        pytest.param(
            [change(LATER, "insert", 1), change(LATER, "delete", 2)], BEFORE, id="inserted and deleted"
        ),
        pytest.param([], BEFORE, id="nothing changed"),
    ],
)
def test_updated_rows_are_those_of_all_sales_packed_again(
    spark: SparkSession, changes: Sequence[Change], after: Sequence[Sale]
) -> None:
    feed = changes_by_year(spark.createDataFrame(changes, FEED))
    found = updated(pack(spark.createDataFrame(BEFORE, SALES)), feed)
    assert rows_of(found) == rows_of(pack(spark.createDataFrame(after, SALES)))
