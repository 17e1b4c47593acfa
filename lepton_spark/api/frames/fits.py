"""Fits the series of a data frame: in this process, or on Spark."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame as SparkFrame

from lepton_spark.config import Config
from lepton_spark.forecasting.in_process import fit_in_process
from lepton_spark.forecasting.output import published_frames, published_tables
from lepton_spark.forecasting.packing import KEY
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.panel.calendar import Calendar, DayVolume, day_volumes, epoch_day, without_implausible_zeros
from lepton_spark.panel.covariates import Covariates
from lepton_spark.panel.cutoff import cutoff_of_run
from lepton_spark.panel.pack import UNKNOWN, pack
from lepton_spark.panel.series import batch_count, count_series, run_series, with_lists
from lepton_spark.pipelines.forecast.without_tables import fits_without_tables


@dataclass(frozen=True)
class PandasFits:
    """Flat rows of `fits`, and what they were fitted with."""

    rows: pd.DataFrame
    cutoff: date
    settings: FitSettings

    def forecasts(self) -> pd.DataFrame:
        """As the table `forecasts`."""
        return published_frames.forecasts(self.rows, self.cutoff, self.settings.period)

    def models(self) -> pd.DataFrame:
        """As the table `models`."""
        return self.rows

    def metrics(self) -> pd.DataFrame:
        """As the table `metrics`."""
        return published_frames.metrics(self.rows, self.settings.evaluation.windows)

    def summary(self) -> pd.DataFrame:
        """As the table `metrics_summary`."""
        return published_frames.metrics_summary(self.rows)


@dataclass(frozen=True)
class SparkFits:
    """Rows of `fits`, and what they were fitted with."""

    rows: SparkFrame
    cutoff: date
    settings: FitSettings

    def forecasts(self) -> SparkFrame:
        """As the table `forecasts`."""
        return published_tables.forecasts(self.rows, self.cutoff, self.settings.period)

    def models(self) -> SparkFrame:
        """As the table `models`."""
        return published_tables.models(self.rows)

    def metrics(self) -> SparkFrame:
        """As the table `metrics`."""
        return published_tables.metrics(self.rows)

    def summary(self) -> SparkFrame:
        """As the table `metrics_summary`."""
        return published_tables.metrics_summary(self.rows)


def fit_pandas(
    daily: pd.DataFrame, config: Config, plans: pd.DataFrame | None, n_measures: int
) -> PandasFits:
    """Fits in this process. daily: from `pandas_sales`; plans: from `plan_lists`, None without any.

    Raises: InputError for a cutoff outside the days of sales.
    """
    cutoff, settings = _settings(config, _volumes(daily), n_measures)
    series = _packed(daily[daily["day"] <= settings.calendar.cutoff])
    if plans is not None:
        series = pd.concat([series, plans], ignore_index=True)
    return PandasFits(fit_in_process(series, settings), cutoff, settings)


def fit_spark(sales: SparkFrame, config: Config, plans: SparkFrame | None, n_measures: int) -> SparkFits:
    """Fits on the workers. sales: from `spark_sales`; plans: from `spark_plans`, None without any.

    Raises: InputError for a cutoff outside the days of sales.
    """
    cutoff, settings = _settings(config, day_volumes(sales), n_measures)
    panel = pack(sales).localCheckpoint()
    n_batches = batch_count(count_series(panel, cutoff), config.forecast.series_per_batch)
    series = run_series(panel, None, cutoff, n_batches)
    lists = Covariates({} if plans is None else {"plans": plans}).by_series(series)
    if lists is not None:
        series = with_lists(series, lists, n_batches)
    return SparkFits(fits_without_tables(series, settings, n_batches), cutoff, settings)


def _settings(config: Config, volumes: list[DayVolume], n_measures: int) -> tuple[date, FitSettings]:
    cutoff = cutoff_of_run(volumes, config.panel, config.forecast, by_lines=False)
    settings = fit_settings(config, Calendar.until(volumes, epoch_day(cutoff)))
    return cutoff, replace(settings, n_measures=n_measures)


def _volumes(daily: pd.DataFrame) -> list[DayVolume]:
    """As `day_volumes`."""
    is_sold = (daily["quantity"] > 0) | daily["quantity"].isna()
    counts = daily.assign(is_sold=is_sold).groupby(["location_id", "day"])["is_sold"].agg(["size", "sum"])
    volumes = [
        (DayVolume(str(location), int(day), int(n_series), int(n_series)), int(n_sold))
        for (location, day), n_series, n_sold in counts.itertuples(name=None)
    ]
    return without_implausible_zeros(volumes)


def _packed(daily: pd.DataFrame) -> pd.DataFrame:
    """One row per series: its first day, and its quantities by day; NaN = no row, -1 = unknown."""
    rows = []
    for key, days in daily.groupby(KEY, sort=True):
        first = int(days["day"].min())
        quantity = np.full(int(days["day"].max()) - first + 1, np.nan)
        quantity[days["day"] - first] = days["quantity"].fillna(UNKNOWN)
        rows.append((*key, first, quantity))
    return pd.DataFrame(rows, columns=[*KEY, "first_day", "quantity"])
