"""`backtest`: how wrong forecasts of a data frame would have been, beside seasonal naive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar, cast

import pandas as pd
from pyspark.sql import DataFrame as SparkFrame
from pyspark.sql import SparkSession

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.fitting import fit_frame
from lepton_spark.api.frames.settings import Settings, frame_config
from lepton_spark.errors import InputError, explain
from lepton_spark.evaluation.accuracy.metrics import METRICS, QUANTILE_METRICS

F = TypeVar("F", pd.DataFrame, SparkFrame)

RATIOS = (*METRICS, *QUANTILE_METRICS)
METRIC_COLUMNS = ("role", "model", "split", "window", "n_obs", *RATIOS)
SUMMARY_COLUMNS = ("segment", "model", "split", "n_series", "n_obs", *RATIOS, "value_added")


@dataclass(frozen=True, repr=False)
class Backtest(Generic[F]):
    """Errors of the models that were chosen, and of seasonal naive on the same days.

    metrics: one row per series, window and role (`chosen`, `runner_up`, `seasonal_naive`); windows of the
    split `validation` chose the models, the one of `test` played no part in any choice.
    summary: the same over all series and by demand class: of `chosen` (the mix of models), of
    `seasonal_naive`, and of each model over the series that chose it. `value_added`: 1 - RMSSE / naive RMSSE.
    rejects, cutoff: as in `Forecast`.
    """

    metrics: F
    summary: F
    rejects: F
    cutoff: date

    def __repr__(self) -> str:
        return f"Backtest(windows up to {self.cutoff})"


def backtest(
    df: F,
    *,
    horizon: int | None = None,
    windows: int = 4,
    product_col: str = "product_id",
    date_col: str = "date",
    quantity_col: str = "quantity",
    location_col: str | None = None,
    future: F | None = None,
    config: Settings | None = None,
    spark: SparkSession | None = None,
) -> Backtest[F]:
    """Forecasts the last windows of a data frame from the days before them, and compares with what was sold.

    windows: of `horizon` days each: the last one is the test, the ones before choose the models. The other
    arguments and errors are those of `forecast`.
    """
    if windows < 1:
        raise InputError(explain("windows", f"{windows}", "1 or more", "The last one is the test."))
    columns = Columns(product_col, date_col, quantity_col, location_col)
    columns.require_free((*METRIC_COLUMNS, *SUMMARY_COLUMNS))
    changes: dict[str, Mapping[str, Any]] = {"backtest": {"validation_windows": windows - 1}}
    if horizon is not None:
        changes["forecast"] = {"horizon": horizon}
        changes["backtest"] = {**changes["backtest"], "stride": horizon}
    fitted = fit_frame(df, columns, frame_config(config, **changes), future, spark)
    return Backtest(
        metrics=cast("F", fitted.returned(fitted.fits.metrics(), METRIC_COLUMNS)),
        summary=cast("F", fitted.returned(fitted.fits.summary(), SUMMARY_COLUMNS, by_series=False)),
        rejects=cast("F", fitted.rejects),
        cutoff=fitted.fits.cutoff,
    )
