"""Columns of a pandas frame as codes, days and numbers; text is never parsed."""

import numpy as np
import pandas as pd

from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.lines.reading.numbers import LARGEST
from lepton_spark.ingest.lines.reading.parsing import BLANKS

LARGEST_WHOLE = 1e15
"""Floating-point ids from here on are not written as whole numbers."""


def codes(column: pd.Series) -> pd.Series:
    """Ids as text without surrounding blanks, None where there is none; as a load reads them, 1001.0 is 1001.

    Raises: InputError for dates and for true and false.
    """
    if _kind(column) not in {"string", "integer", "floating", "mixed-integer", "categorical", "empty"}:
        raise wrong_type(column, "text or whole numbers", f"df[{column.name!r}].astype(str)")
    place, found = pd.factorize(column)
    texts = np.array([*map(_code, found), None], dtype=object)
    return pd.Series(texts[place], column.index, dtype=object)


def _code(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value))
    text = str(value).strip(BLANKS)
    whole = text.removesuffix(".0")
    return (whole if whole.isdecimal() and whole.isascii() else text) or None


def days(column: pd.Series, zone: str) -> pd.Series:
    """Epoch days, <NA> where there is none. zone: of the business, in which times with an offset are days.

    Raises: InputError for anything but dates and times.
    """
    if _kind(column) in {"date", "datetime", "empty"}:
        column = pd.to_datetime(column)
    if not pd.api.types.is_datetime64_any_dtype(column):
        remedy = f'pd.to_datetime(df[{column.name!r}], format="%Y-%m-%d")'
        raise wrong_type(column, "dates", f"{remedy}, with the format of your dates")
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(zone).dt.tz_localize(None)
    since = column.dt.normalize() - pd.Timestamp(0)
    return pd.Series(since.dt.days, dtype="Int64")


def numbers(column: pd.Series) -> pd.Series:
    """Numbers as floats, NaN where there is none or one too large to be true.

    Raises: InputError for anything else.
    """
    if _kind(column) not in {"integer", "floating", "integer-na", "mixed-integer-float", "decimal", "empty"}:
        raise wrong_type(column, "numbers", f"pd.to_numeric(df[{column.name!r}])")
    values = pd.to_numeric(column.astype(object)).to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(np.where(np.abs(values) < LARGEST, values, np.nan), column.index)


def wrong_type(column: pd.Series, allowed: str, remedy: str) -> InputError:
    """The error of a column that is to be converted by the caller, who knows its form."""
    known = column.dropna()
    found = f"{_kind(column)} such as {known.iloc[0]!r}" if len(known) else "no value"
    return InputError(explain(f"column {column.name!r}", found, allowed, f"Convert it: {remedy}."))


def _kind(column: pd.Series) -> str:
    """What the values are: string, integer, floating, boolean, date, datetime, ..."""
    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    return pd.api.types.infer_dtype(values, skipna=True)
