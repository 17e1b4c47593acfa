"""Peers on the same lines: from the Parquet files to forecasts of 28 days for every product, on two cores.

Each reads the lines, fills the days without a sale with 0 from a product's first sale to the last day, fits
and forecasts the mean. None has a backtest, a choice of models, quantiles or tables, nor checks a line.
Imports and the start of Spark are not counted; the start of other processes is. A slow peer gets the first
products of the catalogue only, and its row names their number.

scikit-learn: LinearRegression of trend and weekday, one group per product in `applyInPandas`. statsforecast:
its own two processes. mlforecast: LightGBM on lags 1, 7, 14, 28, means of 7 and 28 days, weekday and day of
the month.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import cloudpickle
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.session import open_session
from speed_parts.catalogue import LAST_DAY, Catalogue, product_name
from speed_parts.event_log import CORES, spark_settings, tasks_of
from speed_parts.measures import Rows, Stages, Subject, rows_of

HORIZON = 28
PEER = "peer"
NOTE = "no backtest, no quantiles, no tables"
Work = Callable[[], int]
"""Forecasts every product; returns the number of products."""


@dataclass(frozen=True)
class Peer:
    """prepare: what is not counted; returns the work. most: products that it forecasts in a few minutes."""

    name: str
    prepare: Callable[[Catalogue, Path, str], Work]
    most: int

    def __call__(self, catalogue: Catalogue, scratch: Path, memory: str) -> Rows:
        """Measure it on the catalogue, or its first products."""
        some = Catalogue(catalogue.folder, min(catalogue.n_products, self.most))
        n_series, n_lines = some.count()
        work, stages = self.prepare(some, scratch, memory), Stages()
        with stages.stage(self.name):
            found = work()
        if spark := SparkSession.getActiveSession():
            spark.stop()  # closes the event log; ends the workers, whose processor time would be lost above
        if found != n_series:
            raise RuntimeError(f"{self.name}: found forecasts of {found} products; allowed: {n_series}")
        bounded = "" if some == catalogue else f"the first {some.n_products:,} products; "
        subject = Subject(catalogue.n_products, PEER, n_series, n_lines, bounded + NOTE)
        return rows_of(stages.costs, tasks_of(scratch / "events"), subject)


def scikit_learn(catalogue: Catalogue, scratch: Path, memory: str) -> Work:
    """Spark reads the lines and groups them by product."""
    spark = open_session(spark_settings(scratch / "events", memory), "scikit-learn")
    spark.range(1_000_000).selectExpr("sum(id)").collect()
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import from this folder
    last_day = np.datetime64(LAST_DAY, "D").astype(int)

    def fit_one(rows: pd.DataFrame) -> pd.DataFrame:
        from sklearn.linear_model import LinearRegression  # noqa: PLC0415  slow; in the worker only

        sold = rows["day"].to_numpy(dtype="datetime64[D]").astype(int)
        days = np.arange(sold.min(), last_day + 1)
        units = np.zeros(len(days))
        units[sold - days[0]] = rows["units"]
        ahead = _weekday_design(last_day + 1 + np.arange(HORIZON))
        forecast = LinearRegression().fit(_weekday_design(days), units).predict(ahead)
        return pd.DataFrame({"sku": rows["sku"].head(1), "forecast": [np.maximum(forecast, 0.0)]})

    def work() -> int:
        lines = spark.read.parquet(str(catalogue.history))
        some = lines.where(F.col("sku") < F.lit(product_name(catalogue.n_products)))
        forecasts = some.groupBy("sku").applyInPandas(fit_one, "sku string, forecast array<double>")
        return forecasts.count()

    return work


def _weekday_design(days: np.ndarray) -> np.ndarray:
    """[T, 8], trend and weekday of epoch days [T]."""
    return np.hstack([days[:, np.newaxis] / 365.0, np.eye(7)[days % 7]])


def statistical(*models: tuple[str, dict[str, int]]) -> Callable[[Catalogue, Path, str], Work]:
    """Models of `statsforecast.models` by name, with their arguments."""

    def prepare(catalogue: Catalogue, _scratch: Path, _memory: str) -> Work:
        from statsforecast import StatsForecast  # noqa: PLC0415  an optional peer
        from statsforecast import models as known  # noqa: PLC0415

        built = [getattr(known, name)(**arguments) for name, arguments in models]

        def work() -> int:
            mean = known.WindowAverage(28)  # for histories of a few days, which AutoETS refuses
            engine = StatsForecast(models=built, freq="D", n_jobs=CORES, fallback_model=mean)
            return len(engine.forecast(df=_daily_frame(catalogue), h=HORIZON)) // HORIZON

        return work

    return prepare


def lightgbm(catalogue: Catalogue, _scratch: Path, _memory: str) -> Work:
    """One model for all products."""
    from lightgbm import LGBMRegressor  # noqa: PLC0415  an optional peer
    from mlforecast import MLForecast  # noqa: PLC0415
    from mlforecast.lag_transforms import RollingMean  # noqa: PLC0415

    def work() -> int:
        booster = LGBMRegressor(objective="poisson", n_estimators=150, num_leaves=31, learning_rate=0.05,
                                n_jobs=CORES, random_state=0, verbose=-1)  # fmt: skip
        engine = MLForecast(
            models={"y_hat": booster},
            freq="D",
            lags=[1, 7, 14, 28],
            lag_transforms={1: [RollingMean(7), RollingMean(28)]},
            date_features=["dayofweek", "day"],
            num_threads=CORES,
        )
        engine.fit(_daily_frame(catalogue), static_features=[])
        return len(engine.predict(HORIZON)) // HORIZON

    return work


def _daily_frame(catalogue: Catalogue) -> pd.DataFrame:
    """`unique_id`, `ds`, `y` of every day from a product's first sale to the last day."""
    from utilsforecast.preprocessing import fill_gaps  # noqa: PLC0415  an optional peer

    lines = pq.read_table(
        catalogue.history, columns=["sku", "day", "units"], filters=catalogue.condition
    ).rename_columns(["unique_id", "ds", "y"])
    lines = lines.set_column(1, "ds", lines["ds"].cast(pa.timestamp("ns")))
    frame = fill_gaps(lines.to_pandas(), freq="D", start="per_serie", end=pd.Timestamp(LAST_DAY))
    return frame.fillna({"y": 0.0})


BASELINES = statistical(("SeasonalNaive", {"season_length": 7}), ("WindowAverage", {"window_size": 28}))
AUTO_ETS = statistical(("AutoETS", {"season_length": 7}))

PEERS: Mapping[str, Peer] = {
    "scikit-learn": Peer("scikit-learn LinearRegression", scikit_learn, 50_000),
    "baselines": Peer("statsforecast SeasonalNaive, WindowAverage", BASELINES, 100_000),
    "auto-ets": Peer("statsforecast AutoETS", AUTO_ETS, 500),
    "mlforecast": Peer("mlforecast LightGBM", lightgbm, 10_000),
}
"""By the name on the command line."""
