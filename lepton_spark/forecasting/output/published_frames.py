"""The tables that readers see as pandas frames: the same rows as `published_tables` makes of `fits`."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd

from lepton_spark.evaluation.accuracy.metrics import METRICS, QUANTILE_METRICS, Metric
from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.forecasting.output.partial_sums import METRIC_SUMS, QUANTILE_SUMS, ROLES, SEASONAL_NAIVE
from lepton_spark.forecasting.output.sums import SUM_COLUMNS
from lepton_spark.forecasting.packing import KEY
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS


def forecasts(fits: pd.DataFrame, cutoff: date, period: int = 1) -> pd.DataFrame:
    """One row per series and day ahead; for weekly forecasts per week, dated by its first day.

    fits: flat rows, from `FitBatch`.
    """
    n_series, horizon = len(fits), len(fits["forecast"].iloc[0])
    step = np.arange(1, horizon + 1)
    first_days = pd.DatetimeIndex([cutoff + timedelta(days=period * (n - 1) + 1) for n in step.tolist()])
    quantiles = np.array(fits["quantiles"].to_list())  # [S, Q, H]
    rows = fits.loc[np.repeat(fits.index, horizon), [*KEY, "model", "status"]].reset_index(drop=True)
    return rows.assign(
        date=np.tile(first_days, n_series),
        step=np.tile(step, n_series),
        forecast=np.concatenate(fits["forecast"].to_list()),
        **{name: quantiles[:, level].ravel() for level, name in enumerate(QUANTILE_LEVELS)},
    )


def metrics(fits: pd.DataFrame, windows: Sequence[Window]) -> pd.DataFrame:
    """One row per series, role, split and window with scored days."""
    places = list(product(ROLES, windows))
    models = np.column_stack([fits["chosen"], fits["runner_up"], np.full(len(fits), SEASONAL_NAIVE)])
    rows = fits.loc[np.repeat(fits.index, len(places)), KEY].reset_index(drop=True)
    rows = rows.assign(
        model=np.repeat(models, len(windows), axis=1).ravel(),
        role=[role for role, _ in places] * len(fits),
        split=[window.role.value for _, window in places] * len(fits),
        window=[window.index for _, window in places] * len(fits),
        **{name: _flat(fits[name], len(places)) for name in (*SUM_COLUMNS, *QUANTILE_SUMS)},
    )
    scored = rows[rows["n_obs"] > 0]
    is_test = scored["split"] == Role.TEST.value
    counted = scored.assign(
        n_scaled=scored["n_obs"].where(scored["scaled_sse"].notna(), 0),
        n_quantile_obs=scored["n_obs"].where(is_test),
    )
    return _with_ratios(counted).reset_index(drop=True)


def metrics_summary(fits: pd.DataFrame) -> pd.DataFrame:
    """Metrics by segment, model and split, as in the table of that name; of a single batch."""
    sums = [row for rows in fits[METRIC_SUMS] if rows is not None for row in rows]
    rows = pd.DataFrame(sums).astype({"paired_scaled_sse": float, "baseline_scaled_sse": float})
    ratio = np.sqrt(_ratio(rows["paired_scaled_sse"], rows["baseline_scaled_sse"]))
    return _with_ratios(rows).assign(value_added=1 - ratio).astype({"n_obs": np.int64})


def _flat(lists: pd.Series, width: int) -> np.ndarray:
    """[S * width], the lists one after another; NaN for a series without a backtest."""
    filled = [values if len(values) else np.full(width, np.nan) for values in lists]
    return np.concatenate(filled) if filled else np.zeros(0)


def _with_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    found = {name: _value(rows, metric) for name, metric in {**METRICS, **QUANTILE_METRICS}.items()}
    return rows.assign(**found | {"pinball": found["pinball"] / len(QUANTILE_LEVELS)})


def _value(rows: pd.DataFrame, metric: Metric) -> pd.Series:
    """NaN where the denominator is 0."""
    ratio = _ratio(rows[metric.numerator], rows[metric.denominator])
    return np.sqrt(ratio) if metric.is_root else ratio


def _ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    return above.astype(float) / below.astype(float).where(below != 0)
