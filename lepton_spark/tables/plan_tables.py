"""What is planned ahead, and the rows of its source that could not be read."""

from datetime import date

from lepton_spark.tables.schema import PRODUCT_ID, Column, Table

EVERYWHERE = "*"
ALWAYS_KNOWN = date(1900, 1, 1)

PLANS = Table(
    name="plans",
    comment="Promotions that are known ahead, as their source says now",
    columns=(
        PRODUCT_ID,
        Column("location_id", "STRING", "the place of sale; *: every place", False),
        Column("start_date", "DATE", "first day", False),
        Column("end_date", "DATE", "last day, counted", False),
        Column("known_at", "DATE", "the day from which this was known; 1900-01-01: always", False),
        Column("measures", "ARRAY<DOUBLE>", "numbers from 0 to 1, as plans.columns.measures", False),
    ),
    key=("product_id", "location_id", "start_date", "end_date", "known_at"),
    checks={"plans_end_after_their_start": "end_date >= start_date"},
)

PLAN_REJECTS = Table(
    name="plan_rejects",
    comment="Rows of the plans' source that could not be read, as it is now",
    columns=(
        Column("reason", "STRING", "why the row was refused", False),
        Column("line", "STRING", "the row's mapped columns as JSON", False),
        Column("n_rows", "BIGINT", "rows of the source that say just this", False),
    ),
    key=("line",),
)

PLAN_TABLES = (PLANS, PLAN_REJECTS)
