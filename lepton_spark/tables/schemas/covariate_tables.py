"""Covariates: inputs beside sales, as of the latest ingest, and their rejected rows."""

from datetime import date

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.schema import PRODUCT_ID, Column, Table

EVERYWHERE = "*"
ALWAYS_KNOWN = date(1900, 1, 1)
NO_END = date(9999, 12, 31)

_LOCATION = Column("location_id", "STRING", "the location; *: every location", False)
_KNOWN = Column("known_at", "DATE", "first day on which this was known; 1900-01-01: always", False)

PLANS = Table(
    name="plans",
    comment="Promotions planned ahead, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("start_date", "DATE", "first day", False),
        Column("end_date", "DATE", "last day, inclusive", False),
        _KNOWN,
        Column(
            "measures", "ARRAY<DOUBLE>", "values from 0 to 1, in the order of plans.columns.measures", False
        ),
    ),
    key=("product_id", "location_id", "start_date", "end_date", "known_at"),
    checks={
        "end_not_before_start": "end_date >= start_date",
        "measures_are_shares": "forall(measures, measure -> measure >= 0 AND measure <= 1)",
    },
)

PRODUCTS = Table(
    name="products",
    comment="Product attributes, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("category", "STRING", "group by which forecasts and errors are also summed"),
        Column("delisted_on", "DATE", "first day on which the product is no longer sold; null: not delisted"),
        _KNOWN,
    ),
    key=("product_id", "location_id", "known_at"),
)

STOCK = Table(
    name="stock",
    comment="Stock by product and day, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("date", "DATE", "the day", False),
        Column(
            "out_of_stock",
            "BOOLEAN",
            "whether demand could not be met; the day's demand is then unknown",
            False,
        ),
        Column("on_hand", "DOUBLE", "units in stock; null when not given"),
    ),
    key=("product_id", "location_id", "date"),
    checks={"finite_on_hand": unless_null("on_hand", number("on_hand"))},
)

PRIORS = Table(
    name="priors",
    comment="Demand levels set by planners, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("level", "DOUBLE", "units per day that the planner expects", False),
        Column("weight", "DOUBLE", "weight of the planner's level in the forecast, 0 to 1", False),
        Column("end_date", "DATE", "last day on which it applies; 9999-12-31: no end", False),
        _KNOWN,
    ),
    key=("product_id", "location_id", "end_date", "known_at"),
    checks={"finite_level": units("level"), "weight_is_share": "weight >= 0 AND weight <= 1"},
)

LONGEST_WINDOW = 60
"""Most days before or after an event that it may affect."""

CALENDAR = Table(
    name="calendar",
    comment="Open and closed days and events, as of the latest ingest",
    columns=(
        Column("date", "DATE", "the day", False),
        _LOCATION,
        Column("status", "STRING", "open or closed; null: not announced"),
        Column("event", "STRING", "name of the event on this day; empty: none", False),
        Column("days_before", "INT", "days that the event affects before its first day", False),
        Column("days_after", "INT", "days that the event affects after its last day", False),
        _KNOWN,
    ),
    key=("date", "location_id", "event", "known_at"),
    checks={
        "known_status": unless_null("status", among("status", "open", "closed")),
        "status_or_event": "status IS NOT NULL OR event <> ''",
        "short_run_up": f"days_before BETWEEN 0 AND {LONGEST_WINDOW}",
        "short_after": f"days_after BETWEEN 0 AND {LONGEST_WINDOW}",
    },
)

STOCK_LEVELS = Table(
    name="stock_levels",
    comment="Stock and open orders by product, and how it is ordered, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("due_date", "DATE", "day of the delivery on order; 1900-01-01: not given", False),
        Column("on_order", "DOUBLE", "units of this delivery", False),
        Column("as_of", "DATE", "day at whose end the stock was counted; null: the cutoff"),
        Column("on_hand", "DOUBLE", "units in stock; null when not given"),
        Column("backorders", "DOUBLE", "units owed to customers; null: none"),
        Column("lead_time", "INT", "days from order to delivery; null: inventory.lead_time"),
        Column("review_period", "INT", "days between orders; null: as configured in inventory"),
        Column("pack_size", "DOUBLE", "units in a pack; null: inventory.pack_size"),
        Column("minimum_order", "DOUBLE", "least units of an order; null: none"),
        Column("shelf_life", "INT", "days in which a delivery must be sold; null: no limit"),
        Column("service_target", "DOUBLE", "service to reach; null: inventory.service_target"),
        Column("unit_cost", "DOUBLE", "purchase price of a unit; null when not given"),
        Column("price", "DOUBLE", "sales price of a unit; null when not given"),
    ),
    key=("product_id", "location_id", "due_date"),
    checks={
        "finite_on_order": units("on_order"),
        "finite_on_hand": unless_null("on_hand", number("on_hand")),
        "finite_backorders": unless_null("backorders", units("backorders")),
        "lead_time_from_zero": unless_null("lead_time", at_least(0, "lead_time")),
        "review_period_from_one": unless_null("review_period", at_least(1, "review_period")),
        "positive_pack_size": unless_null("pack_size", f"pack_size > 0 AND {units('pack_size')}"),
        "finite_minimum_order": unless_null("minimum_order", units("minimum_order")),
        "shelf_life_from_one": unless_null("shelf_life", at_least(1, "shelf_life")),
        "service_is_share": unless_null("service_target", "service_target > 0 AND service_target <= 1"),
        "finite_unit_cost": unless_null("unit_cost", units("unit_cost")),
        "finite_price": unless_null("price", units("price")),
    },
)

LARGEST_VALUE, LARGEST_FACTOR = 1e9, 100.0
"""Limits of overrides; anything larger is a typing error."""

OVERRIDES = Table(
    name="overrides",
    comment="Forecasts that planners change after the model, as of the latest ingest",
    columns=(
        PRODUCT_ID,
        _LOCATION,
        Column("first_date", "DATE", "first day that is overridden", False),
        Column("last_date", "DATE", "last day, inclusive", False),
        Column("value", "DOUBLE", "units of each day or week; null: see factor"),
        Column("factor", "DOUBLE", "what the model's forecast is multiplied by; null: see value"),
        Column("who", "STRING", "who overrides; null when not given"),
        Column("why", "STRING", "the reason; null when not given"),
        _KNOWN,
    ),
    key=("product_id", "location_id", "first_date", "last_date", "known_at"),
    checks={
        "end_not_before_start": "last_date >= first_date",
        "finite_value": unless_null("value", units("value")),
        "finite_factor": unless_null("factor", units("factor")),
    },
)

_SOURCES = (PLANS, PRODUCTS, STOCK, PRIORS, CALENDAR, STOCK_LEVELS, OVERRIDES)

SIDE_REJECTS = Table(
    name="side_rejects",
    comment="Rejected rows of the inputs beside sales, as of the latest ingest",
    columns=(
        Column("source", "STRING", "the input, such as plans or stock_levels", False),
        Column("reason", "STRING", "why the row was rejected", False),
        Column("line", "STRING", "the row's mapped columns as JSON", False),
        Column("n_rows", "BIGINT", "number of identical rows in the source", False),
    ),
    key=("source", "line"),
    checks={
        "known_source": among("source", *(table.name for table in _SOURCES)),
        "n_rows_from_one": at_least(1, "n_rows"),
    },
)

COVARIATE_TABLES = (*_SOURCES, SIDE_REJECTS)
