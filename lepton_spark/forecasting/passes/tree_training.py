"""Before the passes: the pooled model trained on a sample of the series, the rows of `pooled_trees`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import exception_text
from lepton_spark.forecasting.failure_isolation import worker_limits
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.passes.sample import sample_of, schema_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.regressors.linear import PooledRegression
from lepton_spark.models.pooled.regressors.trees import MAX_LEAVES, PooledTrees, Trees
from lepton_spark.models.pooled.training import train
from lepton_spark.panel.calendar import EPOCH, epoch_day

MEAN, MEDIAN, REGRESSION, NOTHING = "mean", "median", "linear", "none"
"""What the trees of a row predict; the regression's weights are in a row without trees."""

_NO_NODES = np.zeros(0, dtype=np.int64)
_NO_TREES = Trees(
    0.0, _NO_NODES, np.zeros(0), _NO_NODES, _NO_NODES.astype(np.uint16), np.zeros((0, MAX_LEAVES))
)

NOT_TRAINED = "too few series with enough history to learn from"


def train_trees(series: DataFrame, settings: FitSettings, failure: str | None = None) -> DataFrame:
    """The rows of `pooled_trees` without the run's id; one group for each day to train up to, in parallel.

    failure: reason why nothing may be trained.
    """
    work = TrainSample(settings, failure)

    def train_sample(rows: pd.DataFrame) -> pd.DataFrame:
        return work(rows)

    days = F.explode(F.array(*(F.lit(day) for day in settings.training_days)))
    sample = sample_of(series).withColumn("until", days)
    return sample.groupBy("until").applyInPandas(train_sample, schema_of("pooled_trees"))


@dataclass(frozen=True)
class TrainSample:
    """Packed rows of the sample, and the last day to learn from in `until` -> rows of `pooled_trees`."""

    settings: FitSettings
    failure: str | None = None

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Train; a failure becomes one row with the reason, and the run continues without trees."""
        until = int(rows["until"].iloc[0])
        n_series = len(rows[["product_id", "location_id"]].drop_duplicates())
        if self.failure is not None:
            return _failed(until, n_series, self.failure)
        with worker_limits():
            try:
                trained = self._train(rows, until)
            except Exception as error:  # noqa: BLE001  no series may fail a run
                return _failed(until, n_series, exception_text(error))
        if trained is None:
            return _failed(until, n_series, NOT_TRAINED)
        return tree_rows(until, n_series, trained)

    def _train(self, rows: pd.DataFrame, until: int) -> PooledTrees | None:
        history = self.settings.history(packed_batch(rows))
        column = history.n_days - 1 - (int(history.days[-1]) - until) // history.period
        if column < 0:
            return None
        return train(history.until(column), self.settings.horizon, self.settings.pooled)


def tree_rows(until: int, n_series: int, trained: PooledTrees) -> pd.DataFrame:
    """Rows of `pooled_trees`: one for each bag, the median and the regression."""
    parts = [(MEAN, trees) for trees in trained.mean]
    if trained.median is not None:
        parts.append((MEDIAN, trained.median))
    if trained.regression is not None:
        parts.append((REGRESSION, replace(_NO_TREES, value=trained.regression.weights)))
    return _rows(until, n_series, parts)


def _rows(until: int, n_series: int, parts: Sequence[tuple[str, Trees]]) -> pd.DataFrame:
    rows = [
        {
            "trained_until": EPOCH + timedelta(days=until),
            "part": number,
            "foretells": name,
            "n_series": n_series,
            "baseline": trees.baseline,
            "feature": trees.feature.astype(np.int32),
            "threshold": trees.threshold,
            "tree": trees.tree.astype(np.int32),
            "ruled_out": trees.ruled_out.astype(np.int32),
            "value": trees.value.ravel(),
            "count": None if trees.count is None else trees.count.ravel().astype(np.int32),
            "reason": None,
        }
        for number, (name, trees) in enumerate(parts)
    ]
    return pd.DataFrame(rows)


def _failed(until: int, n_series: int, reason: str) -> pd.DataFrame:
    return _rows(until, n_series, [(NOTHING, _NO_TREES)]).assign(reason=reason)


def collect_trees(rows: DataFrame) -> Mapping[int, PooledTrees]:
    """A run's trees by the last epoch day they were trained on; a few hundred kilobytes."""
    ordered = rows.where(F.col("foretells") != F.lit(NOTHING)).orderBy("trained_until", "part")
    return trees_by_day([row.asDict() for row in ordered.collect()])


def trees_by_day(rows: Sequence[Mapping[str, Any]]) -> Mapping[int, PooledTrees]:
    """Rows of `pooled_trees`, sorted by part, by the last epoch day they were trained on."""
    found: dict[int, PooledTrees] = {}
    for day in sorted({epoch_day(row["trained_until"]) for row in rows if row["foretells"] == MEAN}):
        mine = [row for row in rows if epoch_day(row["trained_until"]) == day]
        mean = tuple(_trees(row) for row in mine if row["foretells"] == MEAN)
        median = [_trees(row) for row in mine if row["foretells"] == MEDIAN]
        weights = [np.array(row["value"], dtype=np.float64) for row in mine if row["foretells"] == REGRESSION]
        regression = PooledRegression(weights[0]) if weights else None
        found[day] = PooledTrees(mean, median[0] if median else None, regression)
    return found


def _trees(row: Mapping[str, Any]) -> Trees:
    return Trees(
        float(row["baseline"]),
        np.array(row["feature"], dtype=np.int64),
        np.array(row["threshold"], dtype=np.float64),
        np.array(row["tree"], dtype=np.int64),
        np.array(row["ruled_out"], dtype=np.uint16),
        np.array(row["value"], dtype=np.float64).reshape(-1, MAX_LEAVES),
        None if row["count"] is None else np.array(row["count"], dtype=np.float64).reshape(-1, MAX_LEAVES),
    )
