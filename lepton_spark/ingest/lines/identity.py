"""Line identity: a hash of the values that a line is known by; and tokens of customers."""

import hmac
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from lepton_spark.ingest.files.raw_lines import RawLines

MASK = "***"


def token(key: bytes, customer: str) -> str:
    """HMAC-SHA-256 of a customer's id, the same whatever a file calls its column of customers."""
    return hmac.new(key, f"customer\0{customer}".encode(), "sha256").hexdigest()


def key_check(key: bytes | None) -> str:
    """A fingerprint that identifies a key without revealing it; 'none' without a key.

    >>> key_check(None)
    'none'
    """
    return "none" if key is None else hmac.new(key, b"check of this key", "sha256").hexdigest()[:16]


def tokens(key: bytes) -> Callable[[Column], Column]:
    """A UDF from customers to tokens; null stays null. The key is in its closure: no query plan shows it."""

    def keyed(texts: pd.Series) -> pd.Series:
        by_text = {text: token(key, text) for text in texts.dropna().unique()}
        return texts.map(by_text).astype(object).where(texts.notna(), None)

    return pandas_udf(keyed, "string")  # type: ignore[call-overload,no-any-return]  # its stubs want a kind


DAY = ("product_id", "location_id", "date")
"""The key of a product-day."""

OF_TICKET = (*DAY, "transaction_id")
"""What the lines of one order for one product have in common."""

DAILY_IDENTITY = (*DAY, "line_kind", "quantity", "price")
TRANSACTION_IDENTITY = (*DAY, "sold_at", "line_kind", "quantity", "price", "transaction_id")
"""Columns of `transactions` by which a line is recognised when it is delivered again."""

IDENTITY = ("line_hash", "occurrence")
"""Columns that identify a line across loads."""

REJECT_KEY = (*IDENTITY, "ingest_batch")
"""The key of a row of `rejects`."""

_WITHOUT_NULL: Mapping[str, Callable[[Column], Column]] = {
    "date": lambda day: F.coalesce(F.unix_date(day), F.lit(-(2**31))),
    "sold_at": lambda instant: F.coalesce(F.unix_micros(instant), F.lit(-(2**63))),
    "quantity": lambda units: F.coalesce(units, F.lit(float("nan"))),
    "price": lambda price: F.coalesce(price, F.lit(float("nan"))),
}


def hash_of_stored(is_daily: Column) -> Column:
    """The identity of a row of `transactions`, from its columns."""
    daily, transaction = (line_hash(names, [F.lit("")]) for names in (DAILY_IDENTITY, TRANSACTION_IDENTITY))
    return F.when(is_daily, daily).otherwise(transaction)


def line_hash(names: Sequence[str], texts: Sequence[Column] = ()) -> Column:
    """Line identity: 32 hexadecimal digits of two xxHash64 over columns of these names, and further texts.

    Spark's hash leaves nulls out, so each is replaced by a value that no line has.
    """
    columns = (_WITHOUT_NULL.get(name, _text_without_null)(F.col(name)) for name in names)
    values = [*columns, *map(_text_without_null, texts)]
    return F.concat(*(_sixteen_digits(F.xxhash64(F.lit(seed), *values)) for seed in (1, 2)))


def _sixteen_digits(number: Column) -> Column:
    """The number in hexadecimal; only one in sixteen needs padding, which takes longer than the hash."""
    digits = F.hex(number)
    has_all = F.shiftrightunsigned(number, 60) != 0
    return F.when(has_all, digits).otherwise(F.lpad(digits, 16, "0"))


def values_hash(columns: Sequence[Column]) -> Column:
    """A hash of all source columns of a line, by which repeats within a file are found."""
    return F.xxhash64(*columns, *(F.isnull(column) for column in columns))


def masked_line(raw: RawLines, n_personal: int) -> Column:
    """The source columns as JSON; the last `n_personal` of them masked, null ones included."""
    names, n_plain = raw.columns, len(raw.columns) - n_personal
    texts = [raw.text(name) if position < n_plain else F.lit(MASK) for position, name in enumerate(names)]
    return F.to_json(F.map_from_arrays(F.array(*map(F.lit, names)), F.array(*texts)))


def _text_without_null(text: Column) -> Column:
    return F.coalesce(text, F.lit(""))
