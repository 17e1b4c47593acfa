"""By what a line is known again: the hash of all its source columns, personal ones keyed or left out."""

import hmac
from collections.abc import Callable

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

MASK = "***"


def token(key: bytes, column: str, text: str) -> str:
    """HMAC-SHA-256 of a personal value under its column's name."""
    return hmac.new(key, f"{column}\0{text}".encode(), "sha256").hexdigest()


def key_check(key: bytes | None) -> str:
    """By what a key is known again without telling it; 'none' where there is none."""
    return "none" if key is None else hmac.new(key, b"check of this key", "sha256").hexdigest()[:16]


def tokens(key: bytes, column: str) -> Callable[[Column], Column]:
    """The token of each text; null stays null. The key travels with the function and stands in no plan."""

    def keyed(texts: pd.Series) -> pd.Series:
        known = {text: token(key, column, text) for text in texts.dropna().unique()}
        return texts.map(known).astype(object).where(texts.notna(), None)

    return pandas_udf(keyed, "string")  # type: ignore[call-overload,no-any-return]  # its stubs want a kind


def line_hash(columns: Column, values: Column, personal: Column) -> Column:
    """Hash of names, values and tokens, written so that no two lines look alike and null is not empty."""
    return F.sha2(F.to_json(F.struct(columns.alias("c"), values.alias("v"), personal.alias("p"))), 256)


def masked_line(columns: Column, values: Column, n_personal: int) -> Column:
    """The source columns as JSON; whatever speaks of a person, also that it is missing, is masked."""
    masks = F.array(*([F.lit(MASK)] * n_personal)).cast("array<string>")
    return F.to_json(F.map_from_arrays(columns, F.concat(values, masks)))
