"""Before the passes: what a sample of series shares at each cutoff of a run, the rows of `pools`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.backtest import cutoff_columns
from lepton_spark.forecasting.arrow import by_series, packed_batch
from lepton_spark.forecasting.failure_isolation import at_work
from lepton_spark.forecasting.settings import SAMPLED_BATCHES, FitSettings
from lepton_spark.models.data.arrays import IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, PoolProfile
from lepton_spark.models.local.isolated_process import words
from lepton_spark.models.pooled.factors.month_days import N_STRETCHES
from lepton_spark.models.pooled.factors.year_weeks import N_WEEKS
from lepton_spark.models.pooled.shrunk_weekday import PROFILE_HALF_LIVES, pool_at
from lepton_spark.models.pooled.trees import PooledTrees
from lepton_spark.panel.calendar import epoch_day
from lepton_spark.tables import TABLES


@dataclass(frozen=True)
class ShareBatch:
    """Packed rows of the sample -> one row of `pools` for each cutoff that has known days before it.

    Where they share nothing, one row for the run's cutoff says why. given_up: that reason, if it is known.
    """

    settings: FitSettings
    given_up: str | None = None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Pool the sample; one that cannot even be made an array shares nothing."""
        cutoff = self.settings.calendar.cutoff
        if self.given_up is not None:
            return _nothing(cutoff, rows.num_rows, self.given_up)
        with at_work():
            try:
                return self._share(by_series(rows))
            except Exception as error:  # noqa: BLE001  no series may fail a run: each stands alone then
                return _nothing(cutoff, rows.num_rows, words(error))

    def _share(self, rows: pa.Table) -> pa.Table:
        given = self.settings
        history = given.history(packed_batch(rows))
        columns = np.append(cutoff_columns(history, given.windows), history.n_days - 1)
        columns = columns[columns >= 0]
        return _rows(rows.num_rows, history.days[columns], pool_at(history, columns))


def _rows(n_series: int, days: IntArray, pool: PoolProfile) -> pa.Table:
    index = [profile.ravel().tolist() for profile in pool.index]
    month_days = np.zeros((0, 0)) if pool.month_days is None else pool.month_days
    year_weeks = np.zeros((0, 0)) if pool.year_weeks is None else pool.year_weeks
    public_days = [None] * len(days) if pool.public_days is None else pool.public_days.tolist()
    return pa.table(
        {
            "cutoff": pa.array(days.astype(np.int32), type=pa.int32()).cast(pa.date32()),
            "n_series": pa.array(np.full(len(days), n_series), type=pa.int64()),
            "weekday_index": pa.array(index, type=pa.list_(pa.float64())),
            "log_dispersion": pa.array(pool.log_dispersion, type=pa.float64()),
            "month_days": pa.array(month_days.tolist(), type=pa.list_(pa.float64())),
            "year_weeks": pa.array(year_weeks.tolist(), type=pa.list_(pa.float64())),
            "public_days": pa.array(public_days, type=pa.list_(pa.float64())),
            "excess": pa.array([None] * len(days) if pool.excess is None else pool.excess, type=pa.float64()),
            "reason": pa.nulls(len(days), pa.string()),
        }
    )


def _nothing(cutoff: int, n_series: int, reason: str) -> pa.Table:
    none = PoolProfile(np.zeros((0, 0)), np.zeros(0))
    schema = _rows(0, np.array([], dtype=np.int64), none).schema
    row = {"cutoff": cutoff, "n_series": n_series, "reason": reason}
    return pa.table({name: pa.array([row.get(name)], type=schema.field(name).type) for name in schema.names})


def share(series: DataFrame, settings: FitSettings, given_up: str | None = None) -> DataFrame:
    """The rows of `pools`, without the run's id, from the series of the first batches."""
    work = ShareBatch(settings, given_up)

    def share_batch(rows: pa.Table) -> pa.Table:
        return work(rows)

    return sample_of(series).groupBy(F.lit(0).alias("pool")).applyInArrow(share_batch, schema_of("pools"))


def sample_of(series: DataFrame) -> DataFrame:
    """The series that speak for all."""
    return series.where(F.col("batch") < SAMPLED_BATCHES)


def schema_of(table: str) -> str:
    """What a UDF returns: the table's columns but the run's id."""
    columns = (column for column in TABLES[table].columns if column.name != "run_id")
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def collect_pools(pools: DataFrame) -> Mapping[int, PoolProfile]:
    """The pools of a run: a row a window."""
    return pools_by_day([row.asDict() for row in pools.drop("run_id").collect()])


def pools_by_day(rows: Sequence[Mapping[str, Any]]) -> Mapping[int, PoolProfile]:
    """Rows of `pools` by the epoch day of their cutoff; the row that tells why nothing is shared is none."""
    return {epoch_day(row["cutoff"]): _profile(row) for row in rows if row["reason"] is None}


def with_trees(
    pools: Mapping[int, PoolProfile], trees: Mapping[int, PooledTrees]
) -> Mapping[int, PoolProfile]:
    """Each cutoff's pool with the latest trees that have seen no day after it."""
    return {
        day: replace(pool, trees=trees.get(max((until for until in trees if until <= day), default=day)))
        for day, pool in pools.items()
    }


def _profile(row: Mapping[str, Any]) -> PoolProfile:
    index = np.array(row["weekday_index"]).reshape(1, SEASON_LENGTH, len(PROFILE_HALF_LIVES))
    month_days = np.array(row["month_days"]).reshape(1, N_STRETCHES)
    year_weeks = np.array(row["year_weeks"]).reshape(1, N_WEEKS)
    public_days = None if row["public_days"] is None else np.array(row["public_days"]).reshape(1, -1)
    dispersion = np.array([row["log_dispersion"]])
    excess = None if row["excess"] is None else np.array([row["excess"]])
    return PoolProfile(index, dispersion, month_days, year_weeks, public_days=public_days, excess=excess)
