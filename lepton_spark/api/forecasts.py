"""`forecast`: forecasts from a data frame, without any table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar, cast

import pandas as pd
from pyspark.sql import DataFrame as SparkFrame
from pyspark.sql import SparkSession

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.fitting import FittedFrame, fit_frame
from lepton_spark.api.frames.settings import Settings, frame_config
from lepton_spark.api.intervals import interval_columns

F = TypeVar("F", pd.DataFrame, SparkFrame)

DEFAULT_LEVELS = (80, 90)
MODEL_COLUMNS = ("model", "status", "reason", "demand_class", "runner_up", "margin", "choice_level")


@dataclass(frozen=True, repr=False)
class Forecast(Generic[F]):
    """Forecasts of every series of a data frame.

    forecasts: one row per series and day: the caller's product, location and date, then `forecast` (the mean,
    in units), the quantiles of the levels (`p10` and `p90` for 80), `model` and `status`.
    models: one row per series: model, status, reason, demand class and how the model was chosen.
    rejects: the caller's rows that do not count, with `reason` and `message`.
    sales: the daily sales that were used, by product_id and location_id as text; NaN or null where unknown.
    cutoff: the last day that was used. period: days of one forecast, 1 or 7.
    """

    forecasts: F
    models: F
    rejects: F
    sales: F
    cutoff: date
    period: int
    columns: Columns
    summary: str

    def __repr__(self) -> str:
        return self.summary


def forecast(
    df: F,
    *,
    horizon: int | None = None,
    levels: Sequence[int] = DEFAULT_LEVELS,
    product_col: str = "product_id",
    date_col: str = "date",
    quantity_col: str = "quantity",
    location_col: str | None = None,
    future: F | None = None,
    config: Settings | None = None,
    spark: SparkSession | None = None,
) -> Forecast[F]:
    """Forecasts the daily sales of every product of a data frame; pandas in, pandas out, and Spark likewise.

    df: one row per product (and location) and day: dates, units as numbers, ids as text or whole numbers.
    A product that is missing on a day on which the shop was open sold nothing. Nothing is written.

    horizon: days ahead, by default that of `config`, else 28. levels: of 50, 80 and 90, the intervals to
    return. future: planned measures from 0 to 1, such as a promotion, for the days ahead: the columns of
    `df` that are known in advance. config: settings or files of settings; of their `input` only `conflicts`,
    `earliest_date` and `timezone` count. spark: the session to use; without one, pandas frames of up to 767
    series are forecast in this process, and larger ones in a local session.

    Raises: InputError for columns that are missing or of another type; ConfigError for invalid settings;
    LossError if more rows are rejected than `gates.max_lost_share`.
    """
    columns = Columns(product_col, date_col, quantity_col, location_col)
    kept: list[str] = ["forecast", *interval_columns(levels), "model", "status"]
    columns.require_free(kept)
    changes = {} if horizon is None else {"forecast": {"horizon": horizon}}
    fitted = fit_frame(df, columns, frame_config(config, **changes), future, spark)
    return Forecast(
        forecasts=cast("F", fitted.returned(fitted.fits.forecasts(), ["date", *kept])),
        models=cast("F", fitted.returned(fitted.fits.models(), MODEL_COLUMNS)),
        rejects=cast("F", fitted.rejects),
        sales=cast("F", fitted.sales),
        cutoff=fitted.fits.cutoff,
        period=fitted.fits.settings.period,
        columns=columns,
        summary=_summary(fitted),
    )


def _summary(fitted: FittedFrame) -> str:
    horizon, period = fitted.fits.settings.horizon, fitted.fits.settings.period
    unit = "days" if period == 1 else "weeks"
    return f"Forecast({horizon} {unit} after {fitted.fits.cutoff}; {fitted.n_rejected:,} rows rejected)"
