"""What others publish, run on the same histories: statsforecast and mlforecast, and a median of models.

They know no unknown days: a closed day counts as 0, days before a product's first sale are left out.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import lightgbm as lgb
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from statsforecast import StatsForecast
from statsforecast.models import (
    TSB,
    AutoETS,
    AutoTheta,
    CrostonSBA,
    SeasonalNaive,
    SeasonalWindowAverage,
    WindowAverage,
)

from accuracy_parts.direct_lightgbm import direct_lightgbm
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import Output
from lepton_spark.models.arrays import FloatArray
from lepton_spark.models.batch import History

Model = Callable[[Origin], Output]
MEDIAN = "median of six"
MEDIAN_OF = (
    "AutoETS",
    "AutoTheta",
    "SeasonalWindowAverage",
    "mlforecast Poisson",
    "mlforecast Tweedie",
    "direct LightGBM",
)


def long_frame(history: History) -> pd.DataFrame:
    """Rows of `unique_id`, `ds`, `y` from each product's first known day; closed days 0."""
    started = np.logical_or.accumulate(history.known, axis=1)
    series, day = np.nonzero(started)
    dates = history.days[day].astype("datetime64[D]").astype("datetime64[ns]")
    return pd.DataFrame({"unique_id": series, "ds": dates, "y": history.filled[series, day]})


def statistical(model: object) -> Model:
    """One statsforecast model."""

    def forecast(origin: Origin) -> Output:
        start = time.perf_counter()
        engine = StatsForecast(models=[model], freq="D", n_jobs=1)
        table = engine.forecast(df=long_frame(origin.history), h=HORIZON)
        column = next(name for name in table.columns if name not in {"unique_id", "ds"})
        return _output(table.sort_values(["unique_id", "ds"])[column], start)

    return forecast


def recursive_lightgbm(objective: str) -> Model:
    """Mlforecast with LightGBM: lags 1, 7, 14, 28, means of 7 and 28 days, weekday, day of month."""

    def forecast(origin: Origin) -> Output:
        start = time.perf_counter()
        booster = lgb.LGBMRegressor(objective=objective, n_estimators=150, num_leaves=31, learning_rate=0.05,
                                    n_jobs=1, random_state=0, verbose=-1)  # fmt: skip
        engine = MLForecast(
            models={"y_hat": booster},
            freq="D",
            lags=[1, 7, 14, 28],
            lag_transforms={1: [RollingMean(7), RollingMean(28)]},
            date_features=["dayofweek", "day"],
        )
        engine.fit(long_frame(origin.history), static_features=[])
        table = engine.predict(HORIZON).sort_values(["unique_id", "ds"])
        return _output(table["y_hat"], start)

    return forecast


def _output(column: pd.Series, start: float) -> Output:
    values: FloatArray = np.maximum(column.to_numpy(dtype=np.float64), 0.0).reshape(-1, HORIZON)
    return Output(values, None, time.perf_counter() - start)


def median_of(outputs: Sequence[Output]) -> Output:
    """The median of several models' means."""
    forecast = np.median([output.forecast for output in outputs], axis=0)
    return Output(forecast, None, sum(output.seconds for output in outputs))


PEERS: Mapping[str, Model] = {
    "SeasonalNaive(7)": statistical(SeasonalNaive(7)),
    "WindowAverage(28)": statistical(WindowAverage(28)),
    "SeasonalWindowAverage": statistical(SeasonalWindowAverage(season_length=7, window_size=8)),
    "CrostonSBA": statistical(CrostonSBA()),
    "TSB(0.1, 0.1)": statistical(TSB(0.1, 0.1)),
    "AutoETS": statistical(AutoETS(season_length=7)),
    "AutoTheta": statistical(AutoTheta(season_length=7)),
    "mlforecast Poisson": recursive_lightgbm("poisson"),
    "mlforecast Tweedie": recursive_lightgbm("tweedie"),
    "direct LightGBM": direct_lightgbm,
}
