"""Rows of `fits`, built column by column."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lepton_spark.evaluation.batch_forecast import FALLBACK, FALLBACKS, BatchForecast
from lepton_spark.evaluation.demand import StringArray
from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.role_backtest import RoleScores
from lepton_spark.evaluation.selection import Selection
from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.forecasting.arrow import lists, maps, masked, nullable, struct_lists
from lepton_spark.forecasting.passes.score import sum_columns
from lepton_spark.forecasting.settings import SAMPLED_BATCHES, FitSettings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.panel.dense import series_facts

SPIKE, STOCK_OUT = "spike", "stock_out"
"""Rules of adjustments: held to eight standard deviations above the sales before it; unknown demand."""

SCORED_SHARE = 0.75
"""Of a window's days, so that its residual path is kept: closed days are unscored, whole windows are not."""

CHOSEN, RUNNER_UP, SEASONAL_NAIVE = "chosen", "runner_up", "seasonal_naive"


@dataclass(frozen=True)
class Batch:
    """All that is known of a batch once it is forecast; `demand_class`: [S]. prior: levels set by hand."""

    history: History
    demand_class: StringArray
    selection: Selection
    forecast: BatchForecast
    prior: Prior | None = None


def result_rows(rows: pa.Table, batch: Batch, settings: FitSettings, failed: str | None = None) -> pa.Table:
    """One row of `fits` for each of `rows`; `failed`: why the planned way could not be gone, in words."""
    forecast, selection = batch.forecast, batch.selection
    facts = series_facts(batch.history)
    parameters = {
        candidate.key: dict(candidate.parameters) for candidate in (*settings.candidates, *FALLBACKS)
    }
    quantiles = np.ascontiguousarray(forecast.quantiles.transpose(0, 2, 1))  # [S, Q, H]
    n_series = rows.num_rows
    status = forecast.status.tolist() if failed is None else [FALLBACK] * n_series
    reasons = forecast.reasons if failed is None else (f"batch_failed: {failed}",) * n_series
    level = forecast.fallback_level if failed is None else np.maximum(forecast.fallback_level, 1)
    columns = {
        **_ids(rows),
        "status": pa.array(status, type=pa.string()),
        "reason": pa.array(reasons, type=pa.string()),
        "fallback_level": pa.array(level, type=pa.int32()),
        "demand_class": pa.array(batch.demand_class.tolist(), type=pa.string()),
        "model": pa.array(forecast.models, type=pa.string()),
        "parameters": maps(
            [
                {**parameters.get(key, {}), "dispersion": spread, **by_hand}
                for key, spread, by_hand in zip(
                    forecast.models, forecast.dispersion.tolist(), _by_hand(batch), strict=True
                )
            ]
        ),
        "coefficients": maps(forecast.coefficients),
        "runner_up": pa.array(forecast.runner_up.keys, type=pa.string()),
        "margin": nullable(selection.margin),
        "choice_level": pa.array(selection.level.tolist(), type=pa.string()),
        "quantile_method": pa.array(forecast.quantile_method.tolist(), type=pa.string()),
        "n_days_known": pa.array(facts.n_days_known, type=pa.int32()),
        "last_sale": pa.array(
            facts.last_sale.astype(np.int32), type=pa.int32(), mask=facts.last_sale < 0
        ).cast(pa.date32()),
        "recent_quantity": pa.array(facts.recent_quantity),
        "forecast": lists(forecast.forecast),
        "quantiles": lists(quantiles),
        "metrics": _metrics(forecast, settings.windows),
        "adjustments": _adjustments(batch.history),
        "paths": _paths(rows, forecast.paths),
        "forecast_hash": _hashes(forecast.forecast, quantiles),
    }
    return pa.table(columns)


def _ids(rows: pa.Table) -> dict[str, pa.Array]:
    return {name: rows[name].combine_chunks() for name in ("batch", "product_id", "location_id")}


def _by_hand(batch: Batch) -> list[dict[str, float]]:
    """Each series' level and weight set by hand, so that its forecast is known as such."""
    if batch.prior is None:
        return [{}] * batch.history.n_series
    told = zip(
        batch.prior.counts.tolist(),
        batch.prior.level.tolist(),
        batch.prior.weight[:, 0].tolist(),
        strict=True,
    )
    return [
        {"prior_level": level, "prior_weight": weight} if counts else {} for counts, level, weight in told
    ]


def _adjustments(history: History) -> pa.Array:
    """Each series' days on which models were given otherwise than sold; null: as unknown."""
    nothing = np.full(history.quantity.shape, np.nan)
    withheld = nothing if history.withheld is None else history.withheld
    calm = nothing if history.damped is None else history.damped
    spikes = history.known & (calm < history.quantity)
    changed = spikes | ~np.isnan(withheld)
    series, day = np.nonzero(changed)
    first_day = history.days[day] - history.period + 1
    by_spike = spikes[series, day]
    fields = {
        "date": pa.array(first_day.astype(np.int32), type=pa.int32()).cast(pa.date32()),
        "rule": pa.array(np.where(by_spike, SPIKE, STOCK_OUT).tolist(), type=pa.string()),
        "before": pa.array(np.where(by_spike, history.quantity[series, day], withheld[series, day])),
        "after": nullable(np.where(by_spike, calm[series, day], np.nan)),
    }
    return struct_lists(fields, np.count_nonzero(changed, axis=1))


def _paths(rows: pa.Table, paths: FloatArray) -> pa.Array:
    """By window for the series of the sample, null for the others; an unscored day missed by nothing.

    A window less than `SCORED_SHARE` of whose days were scored is null.
    """
    sampled = (rows["batch"].to_numpy() < SAMPLED_BATCHES).tolist()
    told = np.count_nonzero(~np.isnan(paths), axis=2) >= SCORED_SHARE * paths.shape[2]
    kept = [
        [path.tolist() if enough else None for path, enough in zip(windows, scored, strict=True)]
        if mine
        else None
        for mine, windows, scored in zip(sampled, np.nan_to_num(paths), told, strict=True)
    ]
    return pa.array(kept, type=pa.list_(pa.list_(pa.float64())))


def _hashes(forecast: FloatArray, quantiles: FloatArray) -> pa.Array:
    """SHA-256 of each series' little-endian doubles: forecasts by step, then quantiles by level and step."""
    pairs = zip(forecast.astype("<f8"), quantiles.astype("<f8"), strict=True)
    return pa.array([hashlib.sha256(mean.tobytes() + spread.tobytes()).hexdigest() for mean, spread in pairs])


def _metrics(forecast: BatchForecast, windows: tuple[Window, ...]) -> pa.Array:
    """Each series' sums by role and window, where anything was scored; quantiles on the test window only."""
    roles = {CHOSEN: forecast.chosen, RUNNER_UP: forecast.runner_up, SEASONAL_NAIVE: forecast.seasonal_naive}
    n_series = len(forecast.forecast)
    shape = (n_series, len(roles), len(windows))
    sums = _by_series([scores.sums for scores in roles.values()])  # [S, R, W]
    scored = sums.n_obs > 0
    series, role, window = np.nonzero(scored)
    keys = np.array([scores.keys for scores in roles.values()], dtype=object).reshape(len(roles), n_series)
    splits = np.array([item.role.value for item in windows], dtype=object)
    indexes = np.array([item.index for item in windows], dtype=np.int32)
    tested = np.broadcast_to(splits == Role.TEST.value, shape)[scored]
    fields = {
        "model": pa.array(keys[role, series], type=pa.string()),
        "is_role": pa.array(np.array(list(roles), dtype=object)[role], type=pa.string()),
        "split": pa.array(splits[window], type=pa.string()),
        "window": pa.array(indexes[window], type=pa.int32()),
        **sum_columns(sums.map(lambda values: values[scored])),
        "pinball_sum": masked(_of(roles, "pinball")[series, role], tested),
        "covered_sum": masked(_of(roles, "covered")[series, role], tested),
        "n_quantile_obs": pa.array(sums.n_obs[scored].astype(np.int64), mask=~tested),
    }
    return struct_lists(fields, np.count_nonzero(scored, axis=(1, 2)))


def _by_series(by_role: list[ErrorSums]) -> ErrorSums:
    """[S, R, W] of one [W, S] a role."""
    return ErrorSums(
        *(
            np.array([getattr(sums, name) for sums in by_role]).transpose(2, 0, 1)
            for name in ErrorSums.names()
        )
    )


def _of(roles: dict[str, RoleScores], name: str) -> FloatArray:
    """[S, R]."""
    values: FloatArray = np.array([getattr(scores, name) for scores in roles.values()]).T
    return values
