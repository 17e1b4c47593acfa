"""Every numeric column has a constraint that Delta enforces, and the constraints reject bad values."""

import re
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.models.data.parts import GROUPS
from lepton_spark.tables import TABLES, Column, Table
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

UNCONSTRAINED = {
    "metrics": {"bias", "sum_error", "abs_error", "sum_actual", "scaled_sse", "scaled_abs_error"}
    | {"pinball_sum", "covered_sum", "n_quantile_obs"},
    "metrics_summary": {"bias", "value_added"},
    "monitoring": {"bias", "value_added", "score"},
    "override_scores": {"value_added"},
    "models": {"margin"},
    "fits": {"margin", "n_days_known", "recent_quantity"},
    "forecasts": {"forecast", *QUANTILE_LEVELS},  # checked by the gates: one series must not fail a run
    "pools": {"log_dispersion"},
    "pooled_trees": {"baseline"},
    "rejects": {"occurrence", "line_number"},
    "transactions": {"line_number"},
    "open_orders": {"occurrence"},
    "cancellations": {"occurrence", "cancel_occurrence"},
}
"""Columns of any sign, and sums behind the errors that `metrics` already constrains."""

GOOD_VALUES = {"state": "loaded", "line_kind": "sale", "job": "panel", "status": "ok", "rule": "spike"}
GOOD_VALUES |= {"role": "chosen", "split": "test", "source": "plans", "foretells": "mean", "service": "cost"}
BAD = {"DOUBLE": (-1.0, float("-inf"), float("nan"), float("inf")), "INT": (-1,), "BIGINT": (-1,)}
SIGNED = {"price", "on_hand", "safety_stock", "reorder_point", "position", "safety_stock_value", "low"}
"""Finite, of either sign: some sources use negative prices as credits, or report negative stock."""

UNBOUNDED = {"metrics", "metrics_summary", "group_forecasts", "monitoring", "override_scores", "challenges"}
"""Sums of sales near the float limit may be infinite and their ratios NaN; they must not fail a run."""


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def constrained_columns(table: Table) -> list[Column]:
    numeric = [column for column in table.columns if column.type in BAD and column.expression is None]
    return [column for column in numeric if column.name not in UNCONSTRAINED.get(table.name, set())]


def good_row(table: Table) -> dict[str, Any]:
    """A row of ones, of one day and of known values."""
    by_type = {"STRING": "x", "DOUBLE": 1.0, "INT": 1, "BIGINT": 1, "BOOLEAN": True}
    day = {"DATE": date(2024, 1, 2), "TIMESTAMP": datetime(2024, 1, 2)}  # noqa: DTZ001 - only its day counts
    row: dict[str, Any] = {column.name: (by_type | day).get(column.type) for column in table.columns}
    known = {name: value for name, value in GOOD_VALUES.items() if name in row}
    if table.name == "runs":
        known["state"] = "complete"
    if table.name in {"monitoring", "health"}:
        known["state"] = "ok"
    if table.name == "calendar":
        known["status"] = "closed"
    if table.name == "explanations":
        known["forecast"] = 1.0 + len(GROUPS)  # a base of 1 and as much from each group
    special = {"cutoff": date(2024, 1, 1), "quantity": [1.0], "chunk": 2024, "measures": [0.5]}
    lists = {"quantity", "measures"} - {column.name for column in table.columns if "ARRAY" in column.type}
    return row | known | {name: special[name] for name in special.keys() - lists if name in row}


def violated(spark: SparkSession, table: Table, rows: list[dict[str, Any]]) -> list[set[str]]:
    """The constraints that each row violates; as in Delta, a null result is a violation."""
    fields = [StructField(column.name, DataType.fromDDL(column.type)) for column in table.columns]
    fulfilled = [F.coalesce(F.expr(sql), F.lit(False)).alias(check) for check, sql in table.checks.items()]
    frame = spark.createDataFrame(
        [tuple(row[field.name] for field in fields) for row in rows], StructType(fields)
    )
    return [{check for check in table.checks if not row[check]} for row in frame.select(*fulfilled).collect()]


def test_every_numeric_column_has_a_constraint(table: Table) -> None:
    mentioned = set(re.findall(r"\w+", " ".join(table.checks.values())))
    assert {column.name for column in constrained_columns(table)} - mentioned == set()


def test_constraints_accept_good_rows_and_reject_each_bad_number(spark: SparkSession, table: Table) -> None:
    if not table.checks:
        assert constrained_columns(table) == []
        return
    good = good_row(table)
    bad = [(column, value) for column in constrained_columns(table) for value in BAD[column.type]]
    rows = [good, *({**good, column.name: value} for column, value in bad)]
    empty = {column.name: None for column in constrained_columns(table) if column.nullable}
    found = violated(spark, table, [*rows, {**good, **empty}])
    assert (found[0], found[-1]) == (set(), set())
    accepted = [
        (column.name, value) for (column, value), checks in zip(bad, found[1:-1], strict=True) if not checks
    ]
    allowed = {"inf", "nan"} if table.name in UNBOUNDED else set()
    rest = [pair for pair in accepted if pair[0] not in SIGNED or pair[1] != -1.0]
    assert [pair for pair in rest if str(pair[1]) not in allowed] == []


def test_constraints_reject_unknown_values(spark: SparkSession, table: Table) -> None:
    names = [name for name in GOOD_VALUES if any(f"{name} IN" in sql for sql in table.checks.values())]
    if names:
        good = good_row(table)
        found = violated(spark, table, [{**good, name: "no such value"} for name in names])
        assert all(found), (table.name, names)
