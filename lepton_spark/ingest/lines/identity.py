"""Line identity: a hash of all source columns, in which personal values are keyed or left out."""

import hmac
from collections.abc import Callable

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

MASK = "***"


def token(key: bytes, column: str, text: str) -> str:
    """HMAC-SHA-256 of a personal value, keyed per column: equal values of two columns differ."""
    return hmac.new(key, f"{column}\0{text}".encode(), "sha256").hexdigest()


def key_check(key: bytes | None) -> str:
    """A fingerprint that identifies a key without revealing it; 'none' without a key.

    >>> key_check(None)
    'none'
    """
    return "none" if key is None else hmac.new(key, b"check of this key", "sha256").hexdigest()[:16]


def tokens(key: bytes, column: str) -> Callable[[Column], Column]:
    """A UDF from text to token; null stays null. The key is in its closure, so no query plan shows it."""

    def keyed(texts: pd.Series) -> pd.Series:
        by_text = {text: token(key, column, text) for text in texts.dropna().unique()}
        return texts.map(by_text).astype(object).where(texts.notna(), None)

    return pandas_udf(keyed, "string")  # type: ignore[call-overload,no-any-return]  # its stubs want a kind


def line_hash(columns: Column, values: Column, personal: Column) -> Column:
    """SHA-256 of column names, values and tokens as JSON, which separates fields and null from empty."""
    return F.sha2(F.to_json(F.struct(columns.alias("c"), values.alias("v"), personal.alias("p"))), 256)


def masked_line(columns: Column, values: Column, n_personal: int) -> Column:
    """The source columns as JSON; the last `n_personal` of them masked, null ones included."""
    masks = F.array(*([F.lit(MASK)] * n_personal)).cast("array<string>")
    return F.to_json(F.map_from_arrays(columns, F.concat(values, masks)))
