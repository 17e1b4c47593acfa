"""From a caller's data frame to fits, and from rows of the tables back to the caller's columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd
from pyspark.sql import DataFrame as SparkFrame
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.fits import PandasFits, SparkFits, fit_pandas, fit_spark
from lepton_spark.api.frames.pandas_sales import pandas_sales
from lepton_spark.api.frames.planned import measures_of, plan_lists, planned_days
from lepton_spark.api.frames.rejected_rows import require_few
from lepton_spark.api.frames.spark_planned import dated_plans, spark_plans
from lepton_spark.api.frames.spark_sales import spark_sales
from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.forecasting.packing import KEY
from lepton_spark.ingest.files.layout import quoted_column
from lepton_spark.panel.series import batch_count
from lepton_spark.session import open_session, result_settings

Frame: TypeAlias = pd.DataFrame | SparkFrame


@dataclass(frozen=True)
class FittedFrame:
    """The fits of a caller's frame.

    sales: the daily sales of each series, quantity unknown where it is NaN or null. rejects: the caller's
    rows that do not count. n_rejected: how many. ids: of a pandas frame, by column the caller's value of each
    code. kinds: of a Spark frame, the types of the key.
    """

    fits: PandasFits | SparkFits
    sales: Frame
    rejects: Frame
    n_rejected: int
    columns: Columns
    ids: Mapping[str, pd.Series] | None = None
    kinds: Mapping[str, DataType] | None = None

    def returned(self, rows: Frame, kept: Sequence[str], *, by_series: bool = True) -> Frame:
        """Rows of a table in the caller's columns: the series, then the columns `kept`, `date` renamed.

        Pandas frames are sorted by series. by_series: whether each row is of a series.
        """
        names = dict(zip(KEY, self.columns.key, strict=False)) | {"date": self.columns.date}
        wanted = [*KEY[: len(self.columns.key)], *kept] if by_series else list(kept)
        if isinstance(rows, pd.DataFrame):
            named = rows[wanted].rename(columns=names)
            return self._own_ids(named) if by_series else named
        renamed = rows.select(*(F.col(name).alias(names.get(name, name)) for name in wanted))
        if self.kinds is not None:
            kinds = self.kinds if by_series else {}
            return renamed.withColumns(
                {name: F.col(quoted_column(name)).cast(kind) for name, kind in kinds.items()}
            )
        collected = renamed.toPandas()
        if "date" in kept:
            collected[self.columns.date] = pd.to_datetime(collected[self.columns.date])
        return self._own_ids(collected) if by_series else collected

    def _own_ids(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with the caller's ids, sorted by them; text and mixed ids are sorted as text."""
        own = {name: ids.loc[rows[name]].to_numpy() for name, ids in (self.ids or {}).items()}
        place = {name: rows[name] if values.dtype == object else values for name, values in own.items()}
        ordered = rows.assign(**place).sort_values(list(own), kind="stable").index
        return rows.assign(**own).loc[ordered].reset_index(drop=True)


def rows_where(frame: Frame, values: Mapping[str, object]) -> pd.DataFrame:
    """The few rows that have these values, as pandas."""
    if isinstance(frame, pd.DataFrame):
        return frame[(frame[list(values)] == pd.Series(values)).all(axis=1)]
    for name, value in values.items():
        frame = frame.where(F.col(quoted_column(name)) == F.lit(value))
    return frame.toPandas()


def fit_frame(
    frame: object, columns: Columns, config: Config, future: Frame | None, spark: SparkSession | None
) -> FittedFrame:
    """Fits the series of a frame: of one batch in this process, of more on Spark, of a Spark frame there.

    Raises: InputError for a frame that does not fit; LossError for too many rejected rows.
    """
    if isinstance(frame, SparkFrame):
        return _fit_spark_frame(frame, columns, config, future)
    if not isinstance(frame, pd.DataFrame):
        found, remedy = (
            f"a {type(frame).__name__}",
            "Files are read by lepton_spark.inspect and lepton_spark.run.",
        )
        raise InputError(explain("data frame", found, "a pandas or Spark DataFrame", remedy))
    return _fit_pandas_frame(frame, columns, config, future, spark)


def _fit_pandas_frame(
    frame: pd.DataFrame, columns: Columns, config: Config, future: Frame | None, spark: SparkSession | None
) -> FittedFrame:
    sales = pandas_sales(frame, columns, config.input, _today(config))
    counts = {str(reason): int(n) for reason, n in sales.rejects["reason"].value_counts().items()}
    require_few(counts, sales.n_rows, config.gates.max_lost_share)
    measures: tuple[str, ...] = ()
    planned = None
    if future is not None:
        if not isinstance(future, pd.DataFrame):
            raise _other_kind(future, "pandas")
        measures = measures_of(list(future.columns), columns, list(frame.columns))
        planned = planned_days([frame, future], columns, measures, config.input.timezone)
    n_series = len(sales.daily[KEY].drop_duplicates())
    fits: PandasFits | SparkFits
    if spark is None and batch_count(n_series, config.forecast.series_per_batch) == 1:
        lists = None if planned is None else plan_lists(planned)
        fits = fit_pandas(sales.daily, config, lists, len(measures))
    else:
        session = spark or open_session(config.spark, "lepton_spark")
        with result_settings(session):
            plans = None if planned is None else _planned_as_spark(session, planned)
            fits = fit_spark(_daily_as_spark(session, sales.daily), config, plans, len(measures))
    return FittedFrame(fits, sales.daily, sales.rejects, sum(counts.values()), columns, ids=sales.ids)


def _fit_spark_frame(
    frame: SparkFrame, columns: Columns, config: Config, future: Frame | None
) -> FittedFrame:
    session = frame.sparkSession
    zone = session.conf.get("spark.sql.session.timeZone") or config.input.timezone
    with result_settings(session):
        sales = spark_sales(frame, columns, config.input, zone, _today(config))
        require_few(sales.n_rejected, sales.n_rows, config.gates.max_lost_share)
        measures: tuple[str, ...] = ()
        plans = None
        if future is not None:
            if not isinstance(future, SparkFrame):
                raise _other_kind(future, "Spark")
            measures = measures_of(future.columns, columns, frame.columns)
            plans = spark_plans([frame, future], columns, measures, zone)
        fits = fit_spark(sales.daily, config, plans, len(measures))
    kinds = {name: frame.schema[name].dataType for name in columns.key}
    return FittedFrame(fits, sales.daily, sales.rejects, sum(sales.n_rejected.values()), columns, kinds=kinds)


def _other_kind(future: Frame, kind: str) -> InputError:
    found = f"a {type(future).__module__.partition('.')[0]} frame"
    return InputError(explain("future", found, f"a {kind} frame, as the sales", "Convert one of them."))


def _today(config: Config) -> date:
    return datetime.now(ZoneInfo(config.input.timezone)).date()


def _daily_as_spark(spark: SparkSession, daily: pd.DataFrame) -> SparkFrame:
    """Daily sales as `spark_sales` gives them."""
    rows = spark.createDataFrame(
        daily.astype({"day": int}), "product_id STRING, location_id STRING, day INT, quantity DOUBLE"
    )
    quantity = F.when(~F.isnan("quantity"), F.col("quantity"))
    return rows.select(
        *KEY,
        F.date_from_unix_date("day").alias("date"),
        quantity.alias("quantity"),
        quantity.alias("sold_quantity"),
        F.lit(1).alias("n_transactions"),
        F.lit(None).cast("double").alias("price"),
    )


def _planned_as_spark(spark: SparkSession, planned: pd.DataFrame) -> SparkFrame:
    """Planned days as plans: the columns after the day are measures."""
    measures = [name for name in planned.columns if name not in {*KEY, "day"}]
    schema = ", ".join(f"{name} DOUBLE" for name in measures)
    rows = spark.createDataFrame(planned, f"product_id STRING, location_id STRING, day INT, {schema}")
    day = F.date_from_unix_date("day").alias("date")
    return dated_plans(rows.select(*KEY, day, F.array(*measures).alias("measures")))
