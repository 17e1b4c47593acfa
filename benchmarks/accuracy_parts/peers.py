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
from statsforecast.utils import ConformalIntervals

from accuracy_parts.direct_lightgbm import direct_lightgbm
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import LEVELS, Output
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History

Model = Callable[[Origin], Output]
N_PAST = 4
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


def conformal(origin: Origin) -> Output:
    """Statsforecast's conformal intervals around the window average; its mean is its median."""
    start = time.perf_counter()
    intervals = ConformalIntervals(h=HORIZON, n_windows=2)  # more need longer histories than some have
    model = WindowAverage(28, prediction_intervals=intervals)
    engine = StatsForecast(models=[model], freq="D", n_jobs=1)
    frame = long_frame(origin.history)
    table = engine.forecast(df=frame, h=HORIZON, level=[80]).sort_values(["unique_id", "ds"])
    name = "WindowAverage"
    columns = [table[f"{name}-lo-80"], table[name], table[f"{name}-hi-80"]]
    stacked = [_output(column, start).forecast for column in columns]
    seconds = time.perf_counter() - start
    return Output(stacked[1], np.sort(np.stack(stacked, axis=2), axis=2), seconds)


def empirical(origin: Origin) -> Output:
    """The quantiles of all products' past sales over their own mean of 28 days, times each one's mean now.

    Past: on the 28 days after each of four earlier cutoffs, 28 days apart; the plainest pooling there is.
    """
    start = time.perf_counter()
    history = origin.history
    means = np.nan_to_num(_recent_mean(history.quantity))
    ratios = []
    for back in range(1, N_PAST + 1):
        column = history.n_days - HORIZON * back
        before = _recent_mean(history.quantity[:, :column])[:, np.newaxis]
        with np.errstate(invalid="ignore", divide="ignore"):
            found = history.quantity[:, column : column + HORIZON] / before
        ratios.append(found[np.isfinite(found)])
    quantiles = np.quantile(np.concatenate(ratios), LEVELS)
    forecast = np.repeat(means[:, np.newaxis], HORIZON, axis=1)
    return Output(forecast, forecast[..., np.newaxis] * quantiles, time.perf_counter() - start)


def _recent_mean(quantity: FloatArray) -> FloatArray:
    recent = quantity[:, -HORIZON:]
    known = ~np.isnan(recent)
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.where(known, recent, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean


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
    "WindowAverage(28), conformal": conformal,
    "empirical pooling": empirical,
}
