"""Daily sales from a pandas frame: one figure for each series and day, and the rows that do not count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from lepton_spark.api.frames import rejected_rows
from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.typed_columns import codes, days, numbers
from lepton_spark.config import InputSettings
from lepton_spark.forecasting.packing import KEY
from lepton_spark.ingest.lines.reading.values import ALL_LOCATIONS
from lepton_spark.panel.calendar import epoch_day

DAY = [*KEY, "day"]

DECIMALS = 9
"""Sums are rounded to so many places, as a load rounds them."""


@dataclass(frozen=True)
class PandasSales:
    """The sales of a frame.

    daily: product_id and location_id as text, day (epoch) and quantity (units; NaN = unknown), sorted.
    rejects: the caller's rows that do not count, with `reason` and `message`. n_rows: rows of the frame.
    ids: by column of the key, the caller's value of each code.
    """

    daily: pd.DataFrame
    rejects: pd.DataFrame
    n_rows: int
    ids: Mapping[str, pd.Series]


def pandas_sales(frame: pd.DataFrame, columns: Columns, settings: InputSettings, today: date) -> PandasSales:
    """The sales of a frame. Each row is the figure of a series and day.

    settings: `conflicts`, `earliest_date` and `timezone` count; the others describe files.

    Raises: InputError for a missing column, or for one of another type than dates, numbers or codes.
    """
    columns.require_in(list(frame.columns))
    rows = frame.reset_index(drop=True)
    lines = _lines(rows, columns, settings)
    reason = _reason(lines, settings, today)
    reason[_conflicting(lines[reason.isna()], settings)] = rejected_rows.CONFLICT
    is_rejected = reason.notna()
    words = rejected_rows.messages(columns, settings, today)
    rejects = frame[is_rejected.to_numpy()].assign(
        reason=reason[is_rejected].to_numpy(), message=reason[is_rejected].map(words).to_numpy()
    )
    return PandasSales(
        _daily(lines[~is_rejected], lines[reason.isin(rejected_rows.UNKNOWN)], settings),
        rejects,
        len(rows),
        _ids(rows, lines, columns),
    )


def _lines(rows: pd.DataFrame, columns: Columns, settings: InputSettings) -> pd.DataFrame:
    """product_id, location_id, day and units of every row, null where there is none."""
    everywhere = pd.Series(ALL_LOCATIONS, rows.index, dtype=object)
    return pd.DataFrame(
        {
            "product_id": codes(rows[columns.product]),
            "location_id": everywhere if columns.location is None else codes(rows[columns.location]),
            "day": days(rows[columns.date], settings.timezone),
            "units": numbers(rows[columns.quantity]),
        }
    )


def _reason(lines: pd.DataFrame, settings: InputSettings, today: date) -> pd.Series:
    """The first reason for which each row is rejected; None for a row that may count."""
    day = lines["day"].fillna(0)
    rules = {
        rejected_rows.MISSING_PRODUCT: lines["product_id"].isna(),
        rejected_rows.MISSING_LOCATION: lines["location_id"].isna(),
        rejected_rows.NO_DATE: lines["day"].isna(),
        rejected_rows.TOO_EARLY: day < epoch_day(settings.earliest_date),
        rejected_rows.TOO_LATE: day > epoch_day(today),
        rejected_rows.NO_QUANTITY: lines["units"].isna(),
    }
    reason = pd.Series(None, lines.index, dtype=object)
    for code, applies in reversed(rules.items()):
        reason[applies] = code
    return reason


def _conflicting(lines: pd.DataFrame, settings: InputSettings) -> pd.Index:
    """The rows of series and days with several values, unless these are added up."""
    if settings.conflicts == "sum":
        return lines.index[:0]
    return lines.index[lines.groupby(DAY)["units"].transform("nunique") > 1]


def _daily(accepted: pd.DataFrame, unknown: pd.DataFrame, settings: InputSettings) -> pd.DataFrame:
    """The sales of each series and day, unknown on the days of the lines `unknown`; returned units are 0."""
    sold = accepted.assign(units=accepted["units"].clip(lower=0.0)).groupby(DAY)["units"]
    quantity = sold.sum() if settings.conflicts == "sum" else sold.first()
    nothing = unknown.assign(units=np.nan).groupby(DAY)["units"].first()
    known = quantity.round(DECIMALS).drop(nothing.index, errors="ignore")
    daily: pd.DataFrame = pd.concat([known, nothing]).sort_index().rename("quantity").reset_index()
    return daily.astype({"day": np.int64})


def _ids(rows: pd.DataFrame, lines: pd.DataFrame, columns: Columns) -> dict[str, pd.Series]:
    """The caller's first value of each code, by the caller's column."""
    return {
        name: rows[name].groupby(lines[code]).first() for name, code in zip(columns.key, KEY, strict=False)
    }
