"""Rows of `fits`: flat pandas frames in the workers, with lists of structs once they are in Spark."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.batch_forecast import FALLBACK, FALLBACKS, BatchForecast
from lepton_spark.evaluation.explanation import Explanation
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import BY_ERRORS
from lepton_spark.evaluation.quantiles.demand_sums import sum_dispersion_name, sum_lengths
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.forecasting.output.partial_sums import (
    GROUP_SUMS,
    METRIC_SUMS,
    QUANTILE_SUMS,
    ROLES,
    SEASONAL_NAIVE,
)
from lepton_spark.forecasting.output.sums import SUM_COLUMNS, SUM_TYPES, sum_arrays
from lepton_spark.forecasting.packing import nullable, rows_of
from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.panel.dense import PackedBatch, series_facts
from lepton_spark.tables.schemas.staged_tables import GROUP_SUM_TYPE, METRIC_SUM_TYPE

OUTLIER_RULE, STOCK_OUT_RULE = "spike", "stock_out"
"""Values of `adjustments.rule`: an outlier was damped; the day was unknown because of a stock-out."""

_ADJUSTMENT = ("day", "is_outlier", "before", "after")
FIT_SCHEMA = (
    "batch INT, product_id STRING, location_id STRING, status STRING, reason STRING, fallback_level INT, "
    "demand_class STRING, model STRING, parameters MAP<STRING, DOUBLE>, coefficients MAP<STRING, DOUBLE>, "
    "chosen STRING, runner_up STRING, margin DOUBLE, choice_level STRING, quantile_method STRING, "
    "n_days_known INT, last_sale_day INT, recent_quantity DOUBLE, forecast ARRAY<DOUBLE>, "
    "quantiles ARRAY<ARRAY<DOUBLE>>, "
    "error_quantiles ARRAY<ARRAY<FLOAT>>, forecast_hash STRING, "
    "usual_day DOUBLE, parts ARRAY<ARRAY<DOUBLE>>, "
    f"{SUM_TYPES}, {', '.join(f'{name} ARRAY<DOUBLE>' for name in QUANTILE_SUMS)}, "
    "day ARRAY<INT>, is_outlier ARRAY<BOOLEAN>, before ARRAY<DOUBLE>, after ARRAY<DOUBLE>, "
    f"{METRIC_SUMS} {METRIC_SUM_TYPE}, {GROUP_SUMS} {GROUP_SUM_TYPE}"
)
"""Schema of the flat rows. Lists of sums run over roles, then windows; lists of adjustments, over days."""


def fit_rows(
    packed: PackedBatch,
    history: History,
    forecast: BatchForecast,
    settings: EvaluationSettings,
    *,
    prior: Prior | None = None,
    failure: str | None = None,
) -> pd.DataFrame:
    """One flat row for each series, without `batch`.

    failure: why only fallbacks were used.
    """
    facts = series_facts(history)
    quantiles = np.ascontiguousarray(forecast.quantiles.transpose(0, 2, 1))  # [S, Q, H]
    return pd.DataFrame(
        {
            "product_id": packed.product_ids,
            "location_id": packed.location_ids,
            **_outcome(forecast, failure),
            "demand_class": forecast.demand_class.astype(object),
            "model": forecast.models,
            "parameters": _parameters(forecast, settings, prior),
            "coefficients": [_finite(values) for values in forecast.coefficients],
            "chosen": forecast.chosen.keys,
            "runner_up": forecast.runner_up.keys,
            "margin": forecast.selection.margin,
            "choice_level": forecast.selection.level.astype(object),
            "quantile_method": forecast.quantile_method.astype(object),
            "n_days_known": facts.n_days_known.astype(np.int32),
            "last_sale_day": nullable(facts.last_sale.tolist(), null=-1),
            "recent_quantity": facts.recent_quantity,
            "forecast": rows_of(forecast.forecast),
            "quantiles": rows_of(quantiles),
            "error_quantiles": _error_quantiles(forecast),
            "forecast_hash": _hashes(forecast.forecast, quantiles),
            "usual_day": forecast.explanation.base,
            "parts": _parts(forecast.explanation),
            **_scores(forecast, settings.windows if failure is None else ()),
            **_adjustments(history),
        }
    )


def _outcome(forecast: BatchForecast, failure: str | None) -> dict[str, object]:
    if failure is None:
        return {
            "status": forecast.status.astype(object),
            "reason": forecast.reasons,
            "fallback_level": forecast.fallback_level.astype(np.int32),
        }
    return {
        "status": FALLBACK,
        "reason": f"batch_failed: {failure}",
        "fallback_level": np.maximum(forecast.fallback_level, 1).astype(np.int32),
    }


def _parameters(
    forecast: BatchForecast, settings: EvaluationSettings, prior: Prior | None
) -> list[dict[str, float]]:
    """Parameters of each series' model, its dispersions, and level and first weight of a planner's prior."""
    known = {candidate.key: dict(candidate.parameters) for candidate in (*settings.candidates, *FALLBACKS)}
    names = ("dispersion", *map(sum_dispersion_name, sum_lengths(settings.horizon)))
    dispersions = np.column_stack([forecast.dispersion, forecast.sum_dispersion]).tolist()
    rows = [
        {**known.get(key, {}), **dict(zip(names, values, strict=True))}
        for key, values in zip(forecast.models, dispersions, strict=True)
    ]
    if prior is not None:
        for row in np.flatnonzero(prior.applies).tolist():
            rows[row]["prior_level"] = float(prior.level[row])
            rows[row]["prior_weight"] = float(prior.weight[row, 0])
    return [_finite(row) for row in rows]


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _scores(forecast: BatchForecast, windows: tuple[Window, ...]) -> dict[str, list[object]]:
    """Lists over roles and windows of each series; quantile sums are NaN except on the test window."""
    roles = (forecast.chosen, forecast.runner_up, forecast.seasonal_naive)
    n_series = len(forecast.forecast)
    flat = (n_series, len(roles) * len(windows))
    if not windows:
        return {name: rows_of(np.zeros(flat)) for name in (*SUM_COLUMNS, *QUANTILE_SUMS)}
    sums = ErrorSums.stacked([scores.sums for scores in roles])  # [R, W, S]
    is_test = np.array([window.role == Role.TEST for window in windows])
    quantile_sums = {
        "pinball_sum": np.stack([scores.pinball for scores in roles], axis=1),
        "covered_sum": np.stack([scores.covered for scores in roles], axis=1),
    }
    return {
        **sum_arrays(sums.map(lambda values: values.transpose(2, 0, 1).reshape(flat))),
        **{
            name: rows_of(np.where(is_test, values[:, :, np.newaxis], np.nan).reshape(flat))
            for name, values in quantile_sums.items()
        },
    }


def _adjustments(history: History) -> dict[str, list[object]]:
    """Lists over the days whose quantity was changed before fitting; `after` is NaN where it is unknown."""
    nothing = np.full(history.quantity.shape, np.nan)
    stock_out = nothing if history.stock_out_sales is None else history.stock_out_sales
    damped = nothing if history.damped is None else history.damped
    is_outlier = history.known & (damped < history.quantity)
    series, column = np.nonzero(is_outlier | ~np.isnan(stock_out))
    by_outlier = is_outlier[series, column]
    values = {
        "day": (history.days[column] - history.period + 1).astype(np.int32),
        "is_outlier": by_outlier,
        "before": np.where(by_outlier, history.quantity[series, column], stock_out[series, column]),
        "after": np.where(by_outlier, damped[series, column], np.nan),
    }
    ends = np.cumsum(np.bincount(series, minlength=history.n_series))[:-1]
    return {name: list(np.split(values[name], ends)) for name in _ADJUSTMENT}


def _parts(explanation: Explanation) -> list[list[FloatArray | None]]:
    """The parts of each series by group, None for a group that adds nothing."""
    has_part: BoolArray = np.asarray(explanation.parts.any(axis=2))
    return [
        [part if kept else None for part, kept in zip(parts, flags, strict=True)]
        for parts, flags in zip(explanation.parts, has_part.tolist(), strict=True)
    ]


def _error_quantiles(forecast: BatchForecast) -> list[list[FloatArray] | None]:
    """The quantiles of backtest errors by group of steps, then level; None where quantiles use none."""
    uses = forecast.quantile_method == BY_ERRORS
    errors = forecast.spread.errors.astype(np.float32)
    return [list(rows) if used else None for rows, used in zip(errors, uses.tolist(), strict=True)]


def _hashes(forecast: FloatArray, quantiles: FloatArray) -> list[str]:
    """SHA-256 of each series' little-endian doubles: forecasts by step, then quantiles by level and step."""
    pairs = zip(forecast.astype("<f8"), quantiles.astype("<f8"), strict=True)
    return [hashlib.sha256(mean.tobytes() + levels.tobytes()).hexdigest() for mean, levels in pairs]


def with_structs(rows: DataFrame, windows: tuple[Window, ...]) -> DataFrame:
    """Flat rows with `metrics` and `adjustments` as lists of structs, and days as dates."""
    structs = {
        "last_sale": F.date_from_unix_date("last_sale_day"),
        "metrics": _metrics(windows),
        "adjustments": F.transform(F.arrays_zip(*_ADJUSTMENT), _adjustment),
    }
    flat = ("chosen", "last_sale_day", *SUM_COLUMNS, *QUANTILE_SUMS, *_ADJUSTMENT)
    return rows.withColumns(structs).drop(*flat)


def _metrics(windows: tuple[Window, ...]) -> Column:
    """The column `metrics`: a list of structs, one for each role and scored window."""
    n_windows = len(windows)
    keys = [F.col("chosen"), F.col("runner_up"), F.lit(SEASONAL_NAIVE)]
    models = F.flatten(F.array(*(F.array_repeat(key, n_windows) for key in keys)))
    roles = [F.lit(role) for role in ROLES for _ in windows]
    splits = [F.lit(window.role.value) for _ in ROLES for window in windows]
    indices = [F.lit(window.index) for _ in ROLES for window in windows]
    zipped = F.arrays_zip(
        models.alias("model"),
        F.array(*roles).cast("array<string>").alias("is_role"),
        F.array(*splits).cast("array<string>").alias("split"),
        F.array(*indices).cast("array<int>").alias("window"),
        *SUM_COLUMNS,
        *QUANTILE_SUMS,
    )
    scored = F.filter(zipped, lambda item: item["n_obs"] > 0)
    return F.transform(scored, lambda item: item.withField("n_quantile_obs", _quantile_obs(item)))


def _quantile_obs(item: Column) -> Column:
    return F.when(item["split"] == F.lit(Role.TEST.value), item["n_obs"])


def _adjustment(item: Column) -> Column:
    rule = F.when(item["is_outlier"], F.lit(OUTLIER_RULE)).otherwise(F.lit(STOCK_OUT_RULE))
    return F.struct(
        F.date_from_unix_date(item["day"]).alias("date"),
        rule.alias("rule"),
        item["before"].alias("before"),
        item["after"].alias("after"),
    )
