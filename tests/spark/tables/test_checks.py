"""Every figure of every table is under a condition that Delta enforces, and the condition means it."""

import re
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.tables import TABLES, Column, Table
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

ANY_NUMBER = {
    "metrics": {"bias", "sum_error", "abs_error", "sum_actual", "scaled_sse", "scaled_abs_error"}
    | {"pinball_sum", "covered_sum", "n_quantile_obs"},
    "metrics_summary": {"bias", "value_added"},
    "models": {"margin"},
    "fits": {"margin", "n_days_known", "recent_quantity"},
    "forecasts": {"forecast", *QUANTILE_LEVELS},  # the gates judge them: no series may fail a run
    "pools": {"log_dispersion"},
    "pooled_trees": {"baseline"},
    "rejects": {"occurrence", "line_number"},
    "transactions": {"line_number"},
    "open_orders": {"occurrence"},
    "cancellations": {"occurrence", "cancel_occurrence"},
}
"""Figures of any sign, and sums of the errors that the conditions of `metrics` already bound."""

WORDS = {"state": "loaded", "line_kind": "sale", "job": "panel", "status": "ok", "rule": "spike"}
WORDS |= {"role": "chosen", "split": "test", "source": "plans", "foretells": "mean"}
BAD = {"DOUBLE": (-1.0, float("-inf"), float("nan"), float("inf")), "INT": (-1,), "BIGINT": (-1,)}
SIGNED = {"price", "on_hand"}
"""Finite, of either sign: some sources credit by a negative price, or owe stock."""

UNBOUNDED = {"metrics", "metrics_summary", "group_forecasts"}
"""Sums over sales near the float limit are infinite, and their ratios no number; no series fails a job."""


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def figures(table: Table) -> list[Column]:
    free = ANY_NUMBER.get(table.name, set())
    given = [column for column in table.columns if column.type in BAD and column.expression is None]
    return [column for column in given if column.name not in free]


def a_good_row(table: Table) -> dict[str, Any]:
    """A row of ones, of one day, of words that are known."""
    by_type = {"STRING": "x", "DOUBLE": 1.0, "INT": 1, "BIGINT": 1, "BOOLEAN": True}
    day = {"DATE": date(2024, 1, 2), "TIMESTAMP": datetime(2024, 1, 2)}  # noqa: DTZ001 - only its day counts
    row: dict[str, Any] = {column.name: (by_type | day).get(column.type) for column in table.columns}
    known = {name: word for name, word in WORDS.items() if name in row}
    if table.name == "runs":
        known["state"] = "complete"
    special = {"cutoff": date(2024, 1, 1), "quantity": [1.0], "chunk": 2024, "measures": [0.5]}
    lists = {"quantity", "measures"} - {column.name for column in table.columns if "ARRAY" in column.type}
    return row | known | {name: special[name] for name in special.keys() - lists if name in row}


def failing(spark: SparkSession, table: Table, rows: list[dict[str, Any]]) -> list[set[str]]:
    """The conditions that each row breaks, as Delta judges: a null breaks one too."""
    fields = [StructField(column.name, DataType.fromDDL(column.type)) for column in table.columns]
    held = [F.coalesce(F.expr(f"{told}"), F.lit(False)).alias(check) for check, told in table.checks.items()]
    frame = spark.createDataFrame(
        [tuple(row[field.name] for field in fields) for row in rows], StructType(fields)
    )
    return [{check for check in table.checks if not row[check]} for row in frame.select(*held).collect()]


def test_every_figure_stands_under_a_condition(table: Table) -> None:
    told = set(re.findall(r"\w+", " ".join(table.checks.values())))
    assert {column.name for column in figures(table)} - told == set()


def test_conditions_hold_for_good_rows_and_refuse_each_bad_figure(spark: SparkSession, table: Table) -> None:
    if not table.checks:
        assert figures(table) == []
        return
    good = a_good_row(table)
    bad = [(column, value) for column in figures(table) for value in BAD[column.type]]
    rows = [good, *({**good, column.name: value} for column, value in bad)]
    empty = {column.name: None for column in figures(table) if column.nullable}
    found = failing(spark, table, [*rows, {**good, **empty}])
    assert (found[0], found[-1]) == (set(), set())
    let_in = [
        (column.name, value) for (column, value), broken in zip(bad, found[1:-1], strict=True) if not broken
    ]
    allowed = {"inf", "nan"} if table.name in UNBOUNDED else set()
    rest = [pair for pair in let_in if pair[0] not in SIGNED or pair[1] != -1.0]
    assert [pair for pair in rest if str(pair[1]) not in allowed] == []


def test_words_that_are_not_known_are_refused(spark: SparkSession, table: Table) -> None:
    words = [name for name in WORDS if any(f"{name} IN" in told for told in table.checks.values())]
    if words:
        good = a_good_row(table)
        found = failing(spark, table, [{**good, name: "strange"} for name in words])
        assert all(found), (table.name, words)
