"""How many runs `lepton maintain` keeps of each table."""

from lepton_spark.config import RetentionSettings
from lepton_spark.config.sections.retention_settings import STAGED_TABLES
from lepton_spark.tables.schemas import staged_tables


def test_large_tables_are_kept_for_two_runs_unless_configured() -> None:
    retention = RetentionSettings.model_validate({"runs": 10, "tables": {"fits": 5, "models": 3}})
    names = ("candidates", "explanations", "fits", "models", "forecasts")
    assert [retention.runs_of(name) for name in names] == [2, 2, 5, 3, 10]


def test_staged_tables_are_those_of_the_catalogue() -> None:
    assert {table.name for table in staged_tables.STAGED_TABLES} == set(STAGED_TABLES)
