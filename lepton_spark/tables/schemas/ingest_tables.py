"""The tables that ingest fills: from delivered files to one row a product-day, and the packed series."""

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.schema import INGEST_BATCH, SERIES, SERIES_KEY, Column, Table

_LINE_HASH = Column("line_hash", "STRING", "hash of all source columns; personal ones enter keyed", False)
_OCCURRENCE = Column(
    "occurrence", "INT", "n-th of its hash: within its file, or its load for daily sums", False
)
_CONTENT_HASH = Column("content_hash", "STRING", "hash of the content of the file it came from", False)
_DATE = Column("date", "DATE", "day of sale in the business's calendar", False)
_LINE_KIND = Column(
    "line_kind", "STRING", "sale, return, daily (a day's figure) or daily_return (a negative one)", False
)
_KNOWN_KIND = among("line_kind", "sale", "return", "daily", "daily_return")
_SOLD_AT = Column("sold_at", "TIMESTAMP", "instant of sale; null where the source gives days only")

FILES = Table(
    name="files",
    comment="One delivered file; a file known by its content is not read again under any name",
    columns=(
        Column("content_hash", "STRING", "hash of the file's content", False),
        Column("name", "STRING", "name it was first delivered under", False),
        Column("bytes", "BIGINT", "its size"),
        Column("lines", "BIGINT", "data lines read; null when it could not be read"),
        INGEST_BATCH,
        Column("state", "STRING", "loaded or refused", False),
        Column("reason", "STRING", "code of the reason it was refused; null when loaded"),
        Column("words", "STRING", "the reason in words; null when loaded"),
        Column("counts", "MAP<STRING, BIGINT>", "lines by what became of them"),
        Column(
            "key_check",
            "STRING",
            "check value of the privacy key in its lines' hashes, 'none' without one; null: nothing personal",
        ),
        Column("loaded_at", "TIMESTAMP", "when its load began", False),
    ),
    key=("content_hash",),
    checks={
        "known_state": among("state", "loaded", "refused"),
        "counted_bytes": unless_null("bytes", at_least(0, "bytes")),
        "counted_lines": unless_null("lines", at_least(0, "lines")),
    },
)

TRANSACTIONS = Table(
    name="transactions",
    comment="One accepted raw line: a sale, a return or a day's figure, which may come back in a later load",
    columns=(
        *SERIES,
        _LINE_HASH,
        _OCCURRENCE,
        INGEST_BATCH,
        Column("load_number", "BIGINT", "order of the loads; the latest daily figure counts", False),
        _CONTENT_HASH,
        Column("line_number", "BIGINT", "position in its file, from 1"),
        _LINE_KIND,
        Column("transaction_id", "STRING", "the source's transaction; null where it names none"),
        _DATE,
        _SOLD_AT,
        Column("quantity", "DOUBLE", "units; positive for returns too, which have their own kind", False),
        Column("price", "DOUBLE", "price of one unit; null when unknown"),
        Column("month", "DATE", "first day of the month of sale", False, expression="trunc(date, 'MM')"),
    ),
    key=("line_hash", "occurrence", "ingest_batch"),
    partition_by=("month",),
    checks={
        "known_kind": _KNOWN_KIND,
        "finite_units": units("quantity"),
        "finite_price": unless_null("price", number("price")),
        "counted_occurrence": at_least(1, "occurrence"),
        "counted_loads": at_least(1, "load_number"),
    },
)

REJECTS = Table(
    name="rejects",
    comment="One refused raw line with its reason; personal columns masked",
    columns=(
        _LINE_HASH,
        _OCCURRENCE,
        INGEST_BATCH,
        _CONTENT_HASH,
        Column("file", "STRING", "name of its file", False),
        Column("line_number", "BIGINT", "position in its file, from 1"),
        Column("reason", "STRING", "code of the first reason by the fixed order of rules", False),
        Column("reasons", "ARRAY<STRING>", "codes of all reasons"),
        Column("words", "STRING", "the first reason in words"),
        Column("line", "STRING", "the source columns as JSON, personal ones as '***'"),
        Column("product_id", "STRING", "the product as far as it could be read"),
        Column("location_id", "STRING", "the location as far as it could be read"),
        Column("date", "DATE", "the day as far as it could be read"),
    ),
    key=("line_hash", "occurrence", "ingest_batch"),
    properties={"delta.dataSkippingStatsColumns": "ingest_batch,reason,date"},
)

CANCELLATIONS = Table(
    name="cancellations",
    comment="Units of a day's sale that were cancelled, and when; one row a cancelled line",
    columns=(
        *SERIES,
        Column("date", "DATE", "day of the sale that was cancelled", False),
        Column("cancelled_on", "DATE", "day of its cancellation", False),
        Column("quantity", "DOUBLE", "units cancelled", False),
        Column("line_hash", "STRING", "the sale's line", False),
        Column("occurrence", "INT", "the sale's occurrence", False),
        Column("cancel_line_hash", "STRING", "the cancellation's line", False),
        Column("cancel_occurrence", "INT", "the cancellation's occurrence", False),
        INGEST_BATCH,
    ),
    key=("line_hash", "occurrence"),
    checks={
        "positive_units": f"quantity > 0 AND {units('quantity')}",
        "in_order": "cancelled_on >= date",
    },
)

OPEN_ORDERS = Table(
    name="open_orders",
    comment="Sales that a cancellation may still match; a line leaves when matched or past the window",
    columns=(
        *SERIES,
        _LINE_HASH,
        _OCCURRENCE,
        _LINE_KIND,
        _DATE,
        _SOLD_AT,
        Column("quantity", "DOUBLE", "units", False),
        Column("customer_token", "STRING", "keyed hash of the customer, kept for the window only", False),
        INGEST_BATCH,
    ),
    key=("line_hash", "occurrence"),
    checks={"known_kind": _KNOWN_KIND, "finite_units": units("quantity")},
    properties={
        "delta.dataSkippingStatsColumns": "product_id,location_id,date",  # no token in the log
        "delta.deletedFileRetentionDuration": "interval 0 hours",  # a token that left may be swept at once
    },
)

SALES = Table(
    name="sales",
    comment="One product-day as known now",
    columns=(
        *SERIES,
        _DATE,
        Column("quantity", "DOUBLE", "demand in units: sold less cancelled, never negative", False),
        Column("sold_quantity", "DOUBLE", "units sold", False),
        Column(
            "cancelled_quantity",
            "DOUBLE",
            "units of this day's sales that were cancelled, that day or later",
            False,
        ),
        Column("returned_quantity", "DOUBLE", "units returned on this day, of any day's sale", False),
        Column(
            "n_transactions", "BIGINT", "lines of sale, or of a daily figure; returns are not counted", False
        ),
        Column("price", "DOUBLE", "mean price of a unit; null when unknown"),
        Column(
            "ingest_batch",
            "STRING",
            "the latest load with a line of the day, or a cancellation from or on it",
            False,
        ),
        Column("year", "INT", "year of the day", False, expression="year(date)"),
    ),
    key=(*SERIES_KEY, "date"),
    partition_by=("year",),
    checks={
        "demand": units("quantity"),
        "sold": units("sold_quantity"),
        "cancelled": units("cancelled_quantity"),
        "returned": units("returned_quantity"),
        "counted_lines": at_least(0, "n_transactions"),
        "finite_price": unless_null("price", number("price")),
    },
    properties={"delta.enableChangeDataFeed": "true"},
)

PANEL = Table(
    name="panel",
    comment="A series' facts of one year, packed day by day up to its last observation; nothing is inferred",
    columns=(
        *SERIES,
        Column("chunk", "INT", "the year", False),
        Column("first_date", "DATE", "day of the arrays' first element", False),
        Column("quantity", "ARRAY<DOUBLE>", "units by day; null where the day has no row in sales", False),
        Column("price", "ARRAY<DOUBLE>", "mean price of a unit by day; null when unknown"),
    ),
    key=(*SERIES_KEY, "chunk"),
    partition_by=("chunk",),
    checks={"whole_year": "year(first_date) = chunk AND size(quantity) BETWEEN 1 AND 366"},
)

INGEST_TABLES = (FILES, TRANSACTIONS, REJECTS, CANCELLATIONS, OPEN_ORDERS, SALES, PANEL)
