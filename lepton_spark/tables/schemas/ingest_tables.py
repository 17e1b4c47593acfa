"""Tables of ingest and panel: delivered files, their lines, sales by day, and packed series."""

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.schema import INGEST_BATCH, SERIES, SERIES_KEY, Column, Table

_LINE_HASH = Column(
    "line_hash",
    "STRING",
    "line identity: hash of the values by which a line is recognised in another file",
    False,
)
_OCCURRENCE = Column(
    "occurrence",
    "INT",
    "number among equal lines, from 1: within the file, or within the load for summed daily lines",
    False,
)
_CONTENT_HASH = Column("content_hash", "STRING", "hash of the content of the line's file", False)
_LINE_NUMBER = Column(
    "line_number",
    "BIGINT",
    "position in the file, from 1; in a wide file row * 100000 + column; of a row of a Delta table, its hash",
)
_DATE = Column("date", "DATE", "day of sale, in input.timezone", False)
_LINE_KIND = Column(
    "line_kind",
    "STRING",
    "sale, return, daily (a daily total) or daily_return (a negative daily total)",
    False,
)
_KNOWN_KIND = among("line_kind", "sale", "return", "daily", "daily_return")
_SOLD_AT = Column("sold_at", "TIMESTAMP", "time of sale; null when the source gives only the day")

FILES = Table(
    name="files",
    comment="One row per delivered file; known content is not loaded again under another name",
    columns=(
        Column("content_hash", "STRING", "hash of the file's content", False),
        Column("name", "STRING", "name under which it was first delivered", False),
        Column("bytes", "BIGINT", "file size"),
        Column("modified_at", "TIMESTAMP", "last change of the file, as given by its file system"),
        Column("lines", "BIGINT", "number of data lines; null when the file could not be read"),
        INGEST_BATCH,
        Column("state", "STRING", "loaded or refused", False),
        Column("reason", "STRING", "code of the reason for refusal; null when loaded"),
        Column("words", "STRING", "the reason as text; for a loaded file, why its lost lines were accepted"),
        Column("counts", "MAP<STRING, BIGINT>", "number of lines by outcome"),
        Column(
            "key_check",
            "STRING",
            "check value of the privacy key of its customers' tokens; 'none': no key; null: no customers",
        ),
        Column("loaded_at", "TIMESTAMP", "start of its load", False),
    ),
    key=("content_hash",),
    checks={
        "known_state": among("state", "loaded", "refused"),
        "nonnegative_bytes": unless_null("bytes", at_least(0, "bytes")),
        "nonnegative_lines": unless_null("lines", at_least(0, "lines")),
    },
)

TRANSACTIONS = Table(
    name="transactions",
    comment="One row per accepted line: a sale, a return, or a daily total, which a later load may replace",
    columns=(
        *SERIES,
        _LINE_HASH,
        _OCCURRENCE,
        INGEST_BATCH,
        Column("load_number", "BIGINT", "number of the load, from 1; the latest daily total counts", False),
        _CONTENT_HASH,
        _LINE_NUMBER,
        _LINE_KIND,
        Column("transaction_id", "STRING", "transaction id of the source; null when it has none"),
        _DATE,
        _SOLD_AT,
        Column("quantity", "DOUBLE", "units, positive for returns too (see line_kind)", False),
        Column("price", "DOUBLE", "price per unit; null when unknown"),
        Column("month", "DATE", "first day of the month of sale", False, expression="trunc(date, 'MM')"),
    ),
    key=("line_hash", "occurrence", "ingest_batch"),
    partition_by=("month",),
    checks={
        "known_kind": _KNOWN_KIND,
        "finite_units": units("quantity"),
        "finite_price": unless_null("price", number("price")),
        "occurrence_from_one": at_least(1, "occurrence"),
        "load_number_from_one": at_least(1, "load_number"),
    },
    properties={
        "delta.dataSkippingStatsColumns": "ingest_batch,date"
    },  # fewer statistics are faster to write
)

REJECTS = Table(
    name="rejects",
    comment="One row per rejected line with its reasons; personal columns are masked",
    columns=(
        _LINE_HASH,
        _OCCURRENCE,
        INGEST_BATCH,
        _CONTENT_HASH,
        Column("file", "STRING", "name of the line's file", False),
        _LINE_NUMBER,
        Column("reason", "STRING", "code of the first reason, in the fixed order of rules", False),
        Column("reasons", "ARRAY<STRING>", "codes of all reasons"),
        Column("words", "STRING", "the first reason as text"),
        Column("line", "STRING", "the source columns as JSON, personal values as '***'"),
        Column("product_id", "STRING", "the product, if it could be read"),
        Column("location_id", "STRING", "the location, if it could be read"),
        Column("date", "DATE", "the day, if it could be read"),
    ),
    key=("line_hash", "occurrence", "ingest_batch"),
    properties={"delta.dataSkippingStatsColumns": "ingest_batch,reason,date"},
)

CANCELLATIONS = Table(
    name="cancellations",
    comment="One row per cancelled sale line: units, day of sale and day of cancellation",
    columns=(
        *SERIES,
        Column("date", "DATE", "day of the cancelled sale", False),
        Column("cancelled_on", "DATE", "day of the cancellation; of a withdrawn sale, its own", False),
        Column("quantity", "DOUBLE", "units cancelled", False),
        Column("line_hash", "STRING", "line identity of the sale", False),
        Column("occurrence", "INT", "occurrence of the sale's line", False),
        Column(
            "cancel_line_hash",
            "STRING",
            "line identity of the cancellation; of a sale withdrawn by input.skip_where, hash of the file",
            False,
        ),
        Column("cancel_occurrence", "INT", "occurrence of the cancellation's line", False),
        INGEST_BATCH,
    ),
    key=("line_hash", "occurrence"),
    checks={
        "positive_quantity": f"quantity > 0 AND {units('quantity')}",
        "cancelled_not_before_sale": "cancelled_on >= date",
    },
)

OPEN_ORDERS = Table(
    name="open_orders",
    comment="Sales that can still be cancelled; deleted once matched or after the cancellation window",
    columns=(
        *SERIES,
        _LINE_HASH,
        _OCCURRENCE,
        _LINE_KIND,
        _DATE,
        _SOLD_AT,
        Column("quantity", "DOUBLE", "units", False),
        Column(
            "customer_token",
            "STRING",
            "keyed hash of the customer id, kept only within the cancellation window",
            False,
        ),
        INGEST_BATCH,
    ),
    key=("line_hash", "occurrence"),
    checks={"known_kind": _KNOWN_KIND, "finite_units": units("quantity")},
    properties={
        "delta.dataSkippingStatsColumns": "product_id,location_id,date",  # keeps tokens out of the log
        "delta.deletedFileRetentionDuration": "interval 0 hours",  # vacuum may delete old tokens at once
    },
)

SALES = Table(
    name="sales",
    comment="One row per series and day, with all loads and cancellations applied",
    columns=(
        *SERIES,
        _DATE,
        Column(
            "quantity",
            "DOUBLE",
            "demand in units: sold less cancelled, at least 0; null when unknown, as a line was rejected",
        ),
        Column("sold_quantity", "DOUBLE", "units sold", False),
        Column(
            "cancelled_quantity",
            "DOUBLE",
            "units of this day's sales that were cancelled on the day or later",
            False,
        ),
        Column("returned_quantity", "DOUBLE", "units returned on this day, whenever they were sold", False),
        Column(
            "n_transactions",
            "BIGINT",
            "number of sale lines, or of daily totals; returns are not counted",
            False,
        ),
        Column("price", "DOUBLE", "mean price per unit; null when unknown"),
        Column(
            "ingest_batch",
            "STRING",
            "latest load with a line of this day, or with a cancellation of or on this day",
            False,
        ),
        Column("year", "INT", "year of the day", False, expression="year(date)"),
    ),
    key=(*SERIES_KEY, "date"),
    partition_by=("year",),
    checks={
        "finite_quantity": unless_null("quantity", units("quantity")),
        "finite_sold_quantity": units("sold_quantity"),
        "finite_cancelled_quantity": units("cancelled_quantity"),
        "finite_returned_quantity": units("returned_quantity"),
        "nonnegative_n_transactions": at_least(0, "n_transactions"),
        "finite_price": unless_null("price", number("price")),
    },
    properties={
        "delta.enableChangeDataFeed": "true",
        "delta.dataSkippingStatsColumns": "ingest_batch,date",
    },
)

PANEL = Table(
    name="panel",
    comment="Daily values of a series in one year, as arrays up to its last observation; gaps are null",
    columns=(
        *SERIES,
        Column("chunk", "INT", "the year", False),
        Column("first_date", "DATE", "day of the first array element", False),
        Column(
            "quantity", "ARRAY<DOUBLE>", "units by day; -1 when unknown; null when sales has no row", False
        ),
        Column("price", "ARRAY<DOUBLE>", "mean price per unit by day; null when unknown"),
    ),
    key=(*SERIES_KEY, "chunk"),
    partition_by=("chunk",),
    checks={"within_one_year": "year(first_date) = chunk AND size(quantity) BETWEEN 1 AND 366"},
)

INGEST_TABLES = (FILES, TRANSACTIONS, REJECTS, CANCELLATIONS, OPEN_ORDERS, SALES, PANEL)
