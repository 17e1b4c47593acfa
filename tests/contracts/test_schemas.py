import pytest

from lepton_spark.tables import TABLES, Table


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def test_table_and_columns_have_comments(table: Table) -> None:
    assert table.comment
    assert [column.name for column in table.columns if not column.comment.strip()] == []


def test_column_names_are_unique_and_in_snake_case(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.columns)
    assert all(name.islower() and name.isidentifier() for name in table.column_names)


def test_key_and_partition_columns_are_required(table: Table) -> None:
    required = {column.name for column in table.columns if not column.nullable}
    assert {*table.key, *table.partition_by} <= required
    assert len(set(table.key)) == len(table.key)


def test_column_types_are_supported_by_every_reader(table: Table) -> None:
    types = " ".join(column.type for column in table.columns)
    assert not any(unsupported in types for unsupported in ("NTZ", "VARIANT", "INTERVAL"))


def test_table_has_both_series_keys_or_none_but_for_days_of_locations(table: Table) -> None:
    both = ("product_id" in table.column_names) == ("location_id" in table.column_names)
    assert both == (table.name != "calendar")
