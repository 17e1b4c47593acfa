"""Scores and drift of single series, in the workers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.distributions.mixtures import units
from lepton_spark.evaluation.quantiles.calibration import COUNTS
from lepton_spark.evaluation.quantiles.demand_sums import dispersion_at, sum_dispersion_name, sum_lengths
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.monitoring.drift import Drift, bin_of, scores

ADDED = (
    "score DOUBLE, up DOUBLE, down DOUBLE, up_since INT, down_since INT, p_value DOUBLE, bin INT, since INT, "
    "is_up BOOLEAN"
)
"""Columns that the workers add; days since 1970-01-01."""

_BEFORE = ("up_before", "down_before", "up_since_before", "down_since_before")


def with_drift(rows: DataFrame, horizon: int, last_day: int) -> DataFrame:
    """The rows with their scores and the sums after this period.

    rows: errors of series, with `quantile_method`, `parameters` and the sums of the period before
    (`up_before`, `up_since_before`, ...), null without one. last_day: of the period, since 1970-01-01.
    """

    def scored(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        return (score_rows(frame, horizon, last_day) for frame in frames)

    schema = f"{', '.join(f'{field.name} {field.dataType.simpleString()}' for field in rows.schema)}, {ADDED}"
    made = rows.mapInPandas(scored, schema)
    dates = {name: F.date_from_unix_date(name) for name in ("up_since", "down_since", "since")}
    return made.withColumns(dates).drop(*_BEFORE, "quantile_method", "parameters")


def score_rows(rows: pd.DataFrame, horizon: int, last_day: int) -> pd.DataFrame:
    """The frame with the columns `ADDED`; see `with_drift`."""
    score = _scores(rows, horizon)
    since = (_days(rows[name]) for name in ("up_since_before", "down_since_before"))
    before = Drift(_numbers(rows["up_before"], 0.0), _numbers(rows["down_before"], 0.0), *since)
    after = before.after(score, last_day)
    return rows.assign(
        score=score,
        up=after.up,
        down=after.down,
        up_since=_nullable(after.up_since),
        down_since=_nullable(after.down_since),
        p_value=after.p_value,
        bin=bin_of(after.p_value),
        since=_nullable(after.since),
        is_up=after.is_up,
    )


def _scores(rows: pd.DataFrame, horizon: int) -> FloatArray:
    """[S], NaN without a known day, or for a run of an earlier version without dispersions of sums."""
    n_obs = rows["n_obs"].to_numpy(dtype=np.int64)
    lengths = sum_lengths(horizon)
    names = [sum_dispersion_name(length) for length in lengths]
    by_series = (dict(values) if values is not None else {} for values in rows["parameters"])
    dispersions = np.array([[values.get(name, np.nan) for name in names] for values in by_series])
    dispersion = dispersion_at(dispersions, np.array(lengths), np.clip(n_obs, 1, horizon))
    known = (n_obs > 0) & ~np.isnan(dispersion)
    whole = (rows["quantile_method"] == COUNTS).to_numpy(dtype=np.bool_)
    demand = units(
        np.where(known, _numbers(rows["forecast"], 0.0), 0.0),
        np.where(known, dispersion, 1.0),
        whole,
    )
    sold = np.where(known, _numbers(rows["actual"], 0.0), 0.0)
    score: FloatArray = scores(demand.cdf(np.where(whole, sold - 1.0, sold)), demand.cdf(sold))
    return np.where(known, score, np.nan)


def _numbers(values: pd.Series, null: float) -> FloatArray:
    """[S], with a number for null."""
    numbers = pd.to_numeric(values).to_numpy(dtype=np.float64)
    return np.where(np.isnan(numbers), null, numbers)


def _days(values: pd.Series) -> IntArray:
    return _numbers(values, -1.0).astype(np.int64)


def _nullable(days: IntArray) -> pd.Series:
    """Days since 1970-01-01, null for -1."""
    return pd.Series(days, dtype="Int64").where(days >= 0)
