"""Inputs beside sales as their sources say now, and the rows of them that could not be read."""

from datetime import date

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.schema import PRODUCT_ID, Column, Table

EVERYWHERE = "*"
ALWAYS_KNOWN = date(1900, 1, 1)
NO_END = date(9999, 12, 31)

_PLACE = Column("location_id", "STRING", "the place of sale; *: every place", False)
_KNOWN = Column("known_at", "DATE", "the day from which this was known; 1900-01-01: always", False)

PLANS = Table(
    name="plans",
    comment="Promotions that are known ahead, as their source says now",
    columns=(
        PRODUCT_ID,
        _PLACE,
        Column("start_date", "DATE", "first day", False),
        Column("end_date", "DATE", "last day, counted", False),
        _KNOWN,
        Column("measures", "ARRAY<DOUBLE>", "numbers from 0 to 1, as plans.columns.measures", False),
    ),
    key=("product_id", "location_id", "start_date", "end_date", "known_at"),
    checks={
        "plans_end_after_their_start": "end_date >= start_date",
        "plans_are_shares": "forall(measures, measure -> measure >= 0 AND measure <= 1)",
    },
)

PRODUCTS = Table(
    name="products",
    comment="Facts about products, as their source says now",
    columns=(
        PRODUCT_ID,
        _PLACE,
        Column("category", "STRING", "what forecasts and errors are also added up by"),
        Column("delisted_on", "DATE", "the first day on which it is no longer sold; null: none known"),
        _KNOWN,
    ),
    key=("product_id", "location_id", "known_at"),
)

STOCK = Table(
    name="stock",
    comment="Stock by product and day, as its source says now",
    columns=(
        PRODUCT_ID,
        _PLACE,
        Column("date", "DATE", "the day", False),
        Column("out_of_stock", "BOOLEAN", "whether demand could not be met: it is unknown then", False),
        Column("on_hand", "DOUBLE", "units; null where not told"),
    ),
    key=("product_id", "location_id", "date"),
    checks={"stock_on_hand": unless_null("on_hand", number("on_hand"))},
)

PRIORS = Table(
    name="priors",
    comment="Levels that a planner set by hand, as their source says now",
    columns=(
        PRODUCT_ID,
        _PLACE,
        Column("level", "DOUBLE", "units a day that the planner expects", False),
        Column("weight", "DOUBLE", "the planner's share of the forecast's level, from 0 to 1", False),
        Column("end_date", "DATE", "the last day on which it counts; 9999-12-31: no end", False),
        _KNOWN,
    ),
    key=("product_id", "location_id", "end_date", "known_at"),
    checks={"priors_are_levels": units("level"), "priors_are_shares": "weight >= 0 AND weight <= 1"},
)

SIDE_REJECTS = Table(
    name="side_rejects",
    comment="Rows of these inputs that could not be read, as their sources are now",
    columns=(
        Column("source", "STRING", "the input: plans, products, stock or priors", False),
        Column("reason", "STRING", "why the row was refused", False),
        Column("line", "STRING", "the row's mapped columns as JSON", False),
        Column("n_rows", "BIGINT", "rows of the source that say just this", False),
    ),
    key=("source", "line"),
    checks={
        "known_source": among("source", "plans", "products", "stock", "priors"),
        "counted_rows": at_least(1, "n_rows"),
    },
)

SIDE_TABLES = (PLANS, PRODUCTS, STOCK, PRIORS, SIDE_REJECTS)
