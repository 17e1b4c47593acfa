import pytest

from lepton_spark.tables import TABLES, Table


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def test_table_says_what_a_row_and_every_column_is(table: Table) -> None:
    assert table.comment
    assert [column.name for column in table.columns if not column.comment.strip()] == []


def test_columns_are_named_once_in_snake_case(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.columns)
    assert all(name.islower() and name.isidentifier() for name in table.column_names)


def test_key_and_partitions_are_columns_that_are_never_null(table: Table) -> None:
    required = {column.name for column in table.columns if not column.nullable}
    assert {*table.key, *table.partition_by} <= required
    assert len(set(table.key)) == len(table.key)


def test_types_are_readable_by_every_reader(table: Table) -> None:
    words = " ".join(column.type for column in table.columns)
    assert not any(unreadable in words for unreadable in ("NTZ", "VARIANT", "INTERVAL"))


def test_table_that_speaks_of_a_product_speaks_of_its_place(table: Table) -> None:
    assert ("product_id" in table.column_names) == ("location_id" in table.column_names)
