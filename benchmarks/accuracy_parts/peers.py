"""Peers on the same histories: statsforecast, mlforecast, direct LightGBM, and a median of models.

They have no notion of an unknown day: a closed day counts as 0, and days before a product's first sale are
left out. Their libraries are optional and imported when a peer runs.
"""

import time
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import pandas as pd

from accuracy_parts.direct_lightgbm import direct_lightgbm
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import SCORED_LEVELS, Model, Output, mean_only
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History

LIBRARIES = ("lightgbm", "mlforecast", "statsforecast")
N_PAST = 4
EMPIRICAL = "empirical pooling"
MEDIAN = "median of six"
MEDIAN_OF = (
    "AutoETS",
    "AutoTheta",
    "SeasonalWindowAverage",
    "mlforecast Poisson",
    "mlforecast Tweedie",
    "direct LightGBM",
)


def require_libraries(models: Collection[str]) -> None:
    """Check that the libraries of the named models are installed.

    Raises: SystemExit if a peer is among the models and a library is missing.
    """
    peers = [name for name in models if name in PEERS and name != EMPIRICAL]
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if peers and missing:
        raise SystemExit(
            f"models {', '.join(peers)}: found no {', '.join(missing)}; allowed: {', '.join(LIBRARIES)}. "
            "Run pip install 'lepton-spark[peers]', or choose other models with --models."
        )


def long_frame(history: History) -> pd.DataFrame:
    """Rows of `unique_id`, `ds`, `y` from each product's first known day; closed days are 0."""
    is_launched = np.logical_or.accumulate(history.known, axis=1)
    series, day = np.nonzero(is_launched)
    dates = history.days[day].astype("datetime64[D]").astype("datetime64[ns]")
    return pd.DataFrame({"unique_id": series, "ds": dates, "y": history.filled[series, day]})


def statistical(name: str, *positional: float, **parameters: int) -> Model:
    """A model of `statsforecast.models` by name."""

    def forecast(origin: Origin) -> Output:
        from statsforecast import StatsForecast, models  # noqa: PLC0415  an optional peer

        start = time.perf_counter()
        model = getattr(models, name)(*positional, **parameters)
        engine = StatsForecast(models=[model], freq="D", n_jobs=1)
        table = engine.forecast(df=long_frame(origin.history), h=HORIZON)
        column = next(name for name in table.columns if name not in {"unique_id", "ds"})
        return _output(table.sort_values(["unique_id", "ds"])[column], start)

    return forecast


def conformal(origin: Origin) -> Output:
    """Statsforecast's conformal intervals around a window average, which is both mean and median."""
    from statsforecast import StatsForecast  # noqa: PLC0415  an optional peer
    from statsforecast.models import WindowAverage  # noqa: PLC0415
    from statsforecast.utils import ConformalIntervals  # noqa: PLC0415

    start = time.perf_counter()
    intervals = ConformalIntervals(h=HORIZON, n_windows=2)  # some histories are too short for more
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
    """Each product's mean of 28 days times quantiles of all products' past sales over theirs.

    Past sales are those of the 28 days after each of four earlier cutoffs, 28 days apart.
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
    quantiles = np.quantile(np.concatenate(ratios), SCORED_LEVELS)
    forecast = np.repeat(means[:, np.newaxis], HORIZON, axis=1)
    return Output(forecast, forecast[..., np.newaxis] * quantiles, time.perf_counter() - start)


def mean_of_last(n_columns: int, horizon: int) -> Model:
    """The mean of the last known columns, 0 where none is known."""

    def forecast(origin: Origin) -> FloatArray:
        mean = np.nan_to_num(_recent_mean(origin.history.quantity, n_columns))
        return np.repeat(mean[:, np.newaxis], horizon, axis=1)

    return mean_only(forecast)


def _recent_mean(quantity: FloatArray, n_columns: int = HORIZON) -> FloatArray:
    """[S], the mean of the known ones of the last columns; NaN where none is known."""
    recent = quantity[:, -n_columns:]
    known = ~np.isnan(recent)
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.where(known, recent, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean


def recursive_lightgbm(objective: str, *, last_year: bool = False) -> Model:
    """Mlforecast with LightGBM: lags 1, 7, 14, 28, means of 7 and 28 days, weekday, day of the month.

    last_year: with lag 364 too, the mean of the week around it and that of the 28 days up to it.
    """

    def forecast(origin: Origin) -> Output:
        import lightgbm as lgb  # noqa: PLC0415  an optional peer
        from mlforecast import MLForecast  # noqa: PLC0415
        from mlforecast.lag_transforms import RollingMean  # noqa: PLC0415

        start = time.perf_counter()
        booster = lgb.LGBMRegressor(objective=objective, n_estimators=150, num_leaves=31, learning_rate=0.05,
                                    n_jobs=1, random_state=0, verbose=-1)  # fmt: skip
        year_ago = {361: [RollingMean(7)], 364: [RollingMean(28)]}
        engine = MLForecast(
            models={"y_hat": booster},
            freq="D",
            lags=[1, 7, 14, 28, *([364] if last_year else [])],
            lag_transforms={1: [RollingMean(7), RollingMean(28)]} | (year_ago if last_year else {}),
            date_features=["dayofweek", "day"],
        )
        engine.fit(long_frame(origin.history), static_features=[], dropna=not last_year)
        table = engine.predict(HORIZON).sort_values(["unique_id", "ds"])
        return _output(table["y_hat"], start)

    return forecast


def _output(column: pd.Series, start: float) -> Output:
    values: FloatArray = np.maximum(column.to_numpy(dtype=np.float64), 0.0).reshape(-1, HORIZON)
    return Output(values, None, time.perf_counter() - start)


def median_of_six(origin: Origin) -> Output:
    """The median of the means of six peers; its seconds are their sum."""
    outputs = [PEERS[name](origin) for name in MEDIAN_OF]
    forecast = np.median([output.forecast for output in outputs], axis=0)
    return Output(forecast, None, sum(output.seconds for output in outputs))


_ALL: Mapping[str, Model] = {
    "SeasonalNaive(7)": statistical("SeasonalNaive", 7),
    "WindowAverage(28)": statistical("WindowAverage", 28),
    "SeasonalWindowAverage": statistical("SeasonalWindowAverage", season_length=7, window_size=8),
    "CrostonSBA": statistical("CrostonSBA"),
    "TSB(0.1, 0.1)": statistical("TSB", 0.1, 0.1),
    "AutoETS": statistical("AutoETS", season_length=7),
    "AutoTheta": statistical("AutoTheta", season_length=7),
    "mlforecast Poisson": recursive_lightgbm("poisson"),
    "mlforecast Tweedie": recursive_lightgbm("tweedie"),
    "direct LightGBM": direct_lightgbm,
    "WindowAverage(28), conformal": conformal,
    EMPIRICAL: empirical,
    MEDIAN: median_of_six,
}

PEERS: Mapping[str, Model] = {name: lru_cache(maxsize=1)(model) for name, model in _ALL.items()}
"""Peers by name; each keeps its last output, which the median reads again."""
