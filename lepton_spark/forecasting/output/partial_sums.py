"""Sums over the series of a batch by segment, in the workers: columns of `fits` that its first row fills."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.forecasting.output.standard_sums import STANDARD_SUMS, standard_sums
from lepton_spark.forecasting.output.sums import SCALED_SUMS, SUMS
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.panel.ordered_sum import ordered_sums
from lepton_spark.tables.schemas.error_tables import SEGMENT

CHOSEN, RUNNER_UP, SEASONAL_NAIVE = "chosen", "runner_up", "seasonal_naive"
ROLES = (CHOSEN, RUNNER_UP, SEASONAL_NAIVE)

QUANTILE_SUMS = ("pinball_sum", "covered_sum")
SUM_NAMES = ("n_obs", "n_scaled", *SUMS, *SCALED_SUMS, *QUANTILE_SUMS, "n_quantile_obs")
BASELINE_SUMS = ("paired_scaled_sse", "baseline_scaled_sse")

METRIC_SUMS, GROUP_SUMS = "metric_sums", "group_sums"

_SPLITS = (Role.VALIDATION, Role.TEST)
_COUNTED = [ROLES.index(CHOSEN), ROLES.index(SEASONAL_NAIVE)]


@dataclass(frozen=True)
class Segments:
    """The segments of a batch. members: [S, D], the segment of each series by dimension; -1 = none."""

    names: tuple[str, ...]
    members: IntArray

    @classmethod
    def of(cls, by: Mapping[str, pd.Series], n_series: int) -> "Segments":
        """`all`, and one for each value of each dimension; by: values [S] by the dimension's name."""
        names, members = ["all"], [np.zeros(n_series, dtype=np.int64)]
        for dimension, values in by.items():
            codes, found = pd.factorize(values)
            members.append(np.where(codes < 0, -1, codes + len(names)))
            names += [f"{dimension}={value}" for value in found]
        return cls(tuple(names), np.stack(members, axis=1))


def with_partial_sums(
    rows: pd.DataFrame, windows: Sequence[Window], by: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Flat rows of `fits` with the sums of all of them in the first row, null in the others.

    by: the value of each row by dimension; None = in no segment.
    """
    segments = Segments.of(by, len(rows))
    empty = [None] * (len(rows) - 1)
    metric_sums = [*_metric_sums(rows, windows, segments), *_standard_sums(rows, windows, by)]
    sums = {
        METRIC_SUMS: pd.Series([metric_sums, *empty], dtype=object),
        GROUP_SUMS: pd.Series([_group_sums(rows, segments), *empty], dtype=object),
    }
    return rows.assign(**sums)


def _group_sums(rows: pd.DataFrame, segments: Segments) -> list[dict[str, object]]:
    """The sum of the forecasts of each segment by step."""
    forecast = np.stack(rows["forecast"].to_list())  # [S, H]
    horizon, n_segments = forecast.shape[1], len(segments.names)
    cells = segments.members[:, np.newaxis, :] * horizon + np.arange(horizon)[np.newaxis, :, np.newaxis]
    cells = np.where(segments.members[:, np.newaxis, :] < 0, -1, cells)  # [S, H, D]
    (total,) = ordered_sums(forecast.reshape(1, -1), cells.reshape(forecast.size, -1), n_segments * horizon)
    n_series = np.bincount(segments.members[segments.members >= 0], minlength=n_segments)
    return [
        {"segment": name, "n_series": int(n_series[row]), "forecast": total.reshape(-1, horizon)[row]}
        for row, name in enumerate(segments.names)
    ]


def _metric_sums(
    rows: pd.DataFrame, windows: Sequence[Window], segments: Segments
) -> list[dict[str, object]]:
    """The error sums of each segment by model and split.

    Models: `chosen`, the published mix; `seasonal_naive` over all series; each other model over the series
    that chose it. A chosen seasonal naive counts for the mix only, since the baseline is over all series.
    """
    is_test = np.array([window.role == Role.TEST for window in windows], dtype=np.bool_)
    sums = _scored_sums(rows, is_test)
    series, role, window = np.nonzero(~np.isnan(sums["n_obs"]))
    own, models = pd.factorize(np.array([CHOSEN, SEASONAL_NAIVE, *rows["chosen"]], dtype=object))
    of_role = np.where(role == 0, own[0], own[1])
    by_choice = np.where((role == 0) & (own[2:][series] != own[1]), own[2:][series], -1)
    labels = np.stack([of_role, by_choice], axis=1)  # [K, 2]
    members = segments.members[series]  # [K, D]
    cells = (members[:, :, np.newaxis] * len(models) + labels[:, np.newaxis, :]) * 2
    cells = cells + is_test[window, np.newaxis, np.newaxis]
    counted = (members >= 0)[:, :, np.newaxis] & (labels >= 0)[:, np.newaxis, :]
    groups = np.where(counted, cells, -1).reshape(len(series), members.shape[1] * labels.shape[1])
    n_groups = 2 * len(segments.names) * len(models)
    observed = np.stack([values[series, role, window] for values in sums.values()])
    total = ordered_sums(observed, groups, n_groups)
    n_series = _count_series(series, groups, n_groups)
    return [
        {
            "segment": segments.names[group // 2 // len(models)],
            "model": models[group // 2 % len(models)],
            "split": _SPLITS[group % 2].value,
            "n_series": int(n_series[group]),
            **{name: _or_none(value) for name, value in zip(sums, total[:, group].tolist(), strict=True)},
        }
        for group in np.flatnonzero(n_series).tolist()
    ]


def _standard_sums(
    rows: pd.DataFrame, windows: Sequence[Window], by: Mapping[str, pd.Series]
) -> list[dict[str, object]]:
    """The sums of what the series of segments would have chosen without them."""
    if STANDARD_SUMS not in rows.columns:
        return []
    is_test = np.array([window.role == Role.TEST for window in windows], dtype=np.bool_)
    naive = _scored_sums(rows, is_test)["baseline_scaled_sse"][:, 0, is_test]  # [S, 1]
    names = by[SEGMENT].map(lambda name: f"{SEGMENT}={name}", na_action="ignore")
    return standard_sums(rows, names, naive.sum(axis=1))


def _scored_sums(rows: pd.DataFrame, is_test: BoolArray) -> dict[str, FloatArray]:
    """[S, 2, W] by name: sums of the chosen model and of seasonal naive, NaN where nothing was scored.

    The paired sums are those of days that both forecast.
    """
    shape = (len(rows), len(ROLES), len(is_test))
    size = shape[1] * shape[2]

    def lists(name: str) -> FloatArray:
        filled = [values if len(values) else np.full(size, np.nan) for values in rows[name]]
        return np.array(filled, dtype=np.float64).reshape(shape)[:, _COUNTED]

    read = {name: lists(name) for name in ("n_obs", *SUMS, *SCALED_SUMS, *QUANTILE_SUMS)}
    scored = read["n_obs"] > 0
    read = {name: np.where(scored, values, np.nan) for name, values in read.items()}
    n_obs, scaled_sse = read["n_obs"], read["scaled_sse"]
    has_scale = ~np.isnan(scaled_sse)
    paired = has_scale & (n_obs[:, 1:] == n_obs)
    return read | {
        "n_scaled": np.where(has_scale, n_obs, np.where(scored, 0.0, np.nan)),
        "n_quantile_obs": np.where(is_test, n_obs, np.nan),
        "paired_scaled_sse": np.where(paired, scaled_sse, np.nan),
        "baseline_scaled_sse": np.where(paired, scaled_sse[:, 1:], np.nan),
    }


def _count_series(series: IntArray, groups: IntArray, n_groups: int) -> IntArray:
    """[G], the number of different series in each group."""
    pairs = np.unique((series[:, np.newaxis] * n_groups + groups)[groups >= 0])
    return np.bincount(pairs % n_groups, minlength=n_groups)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
