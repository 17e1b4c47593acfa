"""Before the passes: pool statistics of a sample of series at each cutoff of a run, the rows of `pools`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import exception_text
from lepton_spark.evaluation.backtest import cutoff_columns
from lepton_spark.forecasting.failure_isolation import worker_limits
from lepton_spark.forecasting.packing import packed_batch, rows_of
from lepton_spark.forecasting.passes.sample import sample_of, schema_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.arrays import IntArray
from lepton_spark.models.data.history import SEASON_LENGTH
from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.models.pooled.pool import PROFILE_HALF_LIVES, Pool, Pools
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.settings import PooledSettings
from lepton_spark.panel.calendar import EPOCH, epoch_day


def pool_statistics(series: DataFrame, settings: FitSettings, failure: str | None = None) -> DataFrame:
    """The rows of `pools` without the run's id.

    failure: reason why nothing may be computed.
    """
    work = PoolSample(settings, failure)

    def pool_sample(rows: pd.DataFrame) -> pd.DataFrame:
        return work(rows)

    sample = sample_of(series).groupBy(F.lit(0).alias("pool"))
    return sample.applyInPandas(pool_sample, schema_of("pools"))


@dataclass(frozen=True)
class PoolSample:
    """Packed rows of the sample -> one row of `pools` for each cutoff with days before it.

    If nothing can be shared, one row for the run's cutoff holds the reason.
    """

    settings: FitSettings
    failure: str | None = None

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Compute the statistics; a failure becomes the reason, and each series is forecast on its own."""
        if self.failure is not None:
            return self._failed(rows, self.failure)
        with worker_limits():
            try:
                return self._pool(rows)
            except Exception as error:  # noqa: BLE001  no series may fail a run
                return self._failed(rows, exception_text(error))

    def _pool(self, rows: pd.DataFrame) -> pd.DataFrame:
        history = self.settings.history(packed_batch(rows))
        windows = cutoff_columns(history, self.settings.evaluation.windows)
        columns = np.append(windows, history.n_days - 1)
        columns = columns[columns >= 0]
        pool = fit_pool(history, columns, self.settings.pooled)
        return pool_rows(history.n_series, history.days[columns], pool)

    def _failed(self, rows: pd.DataFrame, reason: str) -> pd.DataFrame:
        row = {
            "cutoff": EPOCH + timedelta(days=self.settings.calendar.cutoff),
            "n_series": _count_series(rows),
            "reason": reason,
        }
        absent = ("weekday_index", "log_dispersion", "dispersion_curve", *(factor.name for factor in FACTORS))
        return pd.DataFrame([row | dict.fromkeys(absent)])


def _count_series(rows: pd.DataFrame) -> int:
    return len(rows[["product_id", "location_id"]].drop_duplicates())


def pool_rows(n_series: int, days: IntArray, pool: Pool) -> pd.DataFrame:
    """Rows of `pools`, one for each cutoff; days: [C], epoch days of the cutoffs."""
    n_cutoffs = len(days)
    factors = {
        factor.name: rows_of(pool.factors[factor.name]) if factor.name in pool.factors else [None] * n_cutoffs
        for factor in FACTORS
    }
    return pd.DataFrame(
        {
            "cutoff": [EPOCH + timedelta(days=int(day)) for day in days],
            "n_series": n_series,
            "weekday_index": rows_of(pool.index.reshape(n_cutoffs, -1)),
            "log_dispersion": pool.log_dispersion,
            "dispersion_curve": _curves(pool, n_cutoffs),
            **factors,
            "reason": pd.Series([None] * n_cutoffs, dtype=object),
        }
    )


def collect_pools(pools: DataFrame, settings: PooledSettings) -> Pools:
    """The pools of a run by the epoch day of their cutoff: a row per window."""
    return pools_by_day([row.asDict() for row in pools.drop("run_id").collect()], settings)


def pools_by_day(rows: Sequence[Mapping[str, Any]], settings: PooledSettings) -> Pools:
    """Rows of `pools` by the epoch day of their cutoff; rows with a reason hold no pool."""
    return {epoch_day(row["cutoff"]): _pool(row, settings) for row in rows if row["reason"] is None}


def _pool(row: Mapping[str, Any], settings: PooledSettings) -> Pool:
    index = np.array(row["weekday_index"]).reshape(1, SEASON_LENGTH, len(PROFILE_HALF_LIVES))
    factors = {
        factor.name: np.array([row[factor.name]]) for factor in FACTORS if row[factor.name] is not None
    }
    log_dispersion, curve = np.array([row["log_dispersion"]]), row["dispersion_curve"]
    return Pool(
        index,
        log_dispersion,
        factors,
        settings=settings,
        dispersion_curve=None if curve is None else np.array(curve).reshape(1, 2, -1),
    )


def _curves(pool: Pool, n_cutoffs: int) -> Sequence[object]:
    curve = pool.dispersion_curve
    return [None] * n_cutoffs if curve is None else rows_of(curve.reshape(n_cutoffs, -1))
