"""Before the passes: trees trained on a sample of the series, the rows of `pooled_trees`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.forecasting.arrow import by_series, packed_batch
from lepton_spark.forecasting.failure_isolation import at_work
from lepton_spark.forecasting.passes.pool_statistics import sample_of, schema_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.local.isolated_process import words
from lepton_spark.models.pooled.linear import PooledLinear
from lepton_spark.models.pooled.training import train
from lepton_spark.models.pooled.trees import MAX_LEAVES, PooledTrees, Trees
from lepton_spark.panel.calendar import epoch_day

MEAN, MEDIAN, LINEAR, NOTHING = "mean", "median", "linear", "none"
"""What a row's trees foretell; the linear regression beside them stands in a row without trees."""

_NO_NODES = np.zeros(0, dtype=np.int64)
_NO_TREES = Trees(
    0.0, _NO_NODES, np.zeros(0), _NO_NODES, _NO_NODES.astype(np.uint16), np.zeros((0, MAX_LEAVES))
)

NOT_TRAINED = "too few series with enough history to learn from"


@dataclass(frozen=True)
class TrainBatch:
    """Packed rows of the sample, and the last day to learn from -> rows of `pooled_trees`.

    given_up: why nothing is learnt from them.
    """

    settings: FitSettings
    given_up: str | None = None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Train; a sample that cannot be trained on gives one row with the reason, and never fails a run."""
        until = rows["until"][0].as_py()
        if self.given_up is not None:
            return _nothing(until, rows.num_rows, self.given_up)
        with at_work():
            try:
                return self._train(by_series(rows.drop_columns(["until"])), until)
            except Exception as error:  # noqa: BLE001  whatever the sample provokes: the run goes on without
                return _nothing(until, rows.num_rows, words(error))

    def _train(self, rows: pa.Table, until: int) -> pa.Table:
        history = self.settings.history(packed_batch(rows))
        column = history.n_days - 1 - (int(history.days[-1]) - until) // history.period
        trained = train(history.until(column), self.settings.horizon) if column >= 0 else None
        if trained is None:
            return _nothing(until, rows.num_rows, NOT_TRAINED)
        named = [(MEAN, trees) for trees in trained.mean]
        if trained.median is not None:
            named.append((MEDIAN, trained.median))
        if trained.linear is not None:
            named.append((LINEAR, replace(_NO_TREES, value=trained.linear.weights)))
        return _rows(until, rows.num_rows, named)


def _rows(until: int, n_series: int, named: Sequence[tuple[str, Trees]]) -> pa.Table:
    def lists(arrays: Sequence[Any], item: pa.DataType) -> pa.Array:
        return pa.array([array.tolist() for array in arrays], type=pa.list_(item))

    trees = [item for _, item in named]
    n_rows = len(named)
    columns = {
        "trained_until": pa.array([until] * n_rows, type=pa.int32()).cast(pa.date32()),
        "part": pa.array(range(n_rows), type=pa.int32()),
        "foretells": pa.array([name for name, _ in named], type=pa.string()),
        "n_series": pa.array([n_series] * n_rows, type=pa.int64()),
        "baseline": pa.array([item.baseline for item in trees], type=pa.float64()),
        "feature": lists([item.feature for item in trees], pa.int32()),
        "threshold": lists([item.threshold for item in trees], pa.float64()),
        "tree": lists([item.tree for item in trees], pa.int32()),
        "ruled_out": lists([item.ruled_out for item in trees], pa.int32()),
        "value": lists([item.value.ravel() for item in trees], pa.float64()),
        "reason": pa.nulls(n_rows, pa.string()),
    }
    return pa.table(columns)


def _nothing(until: int, n_series: int, reason: str) -> pa.Table:
    rows = _rows(until, n_series, [(NOTHING, _NO_TREES)])
    place = rows.schema.get_field_index("reason")
    return rows.set_column(place, "reason", pa.array([reason], type=pa.string()))


def train_trees(series: DataFrame, settings: FitSettings, given_up: str | None = None) -> DataFrame:
    """The rows of `pooled_trees`, without the run's id; one group a day to learn up to, side by side."""
    work = TrainBatch(settings, given_up)

    def train_batch(rows: pa.Table) -> pa.Table:
        return work(rows)

    days = F.explode(F.array(*(F.lit(day) for day in settings.training_days)))
    sample = sample_of(series).withColumn("until", days)
    return sample.groupBy("until").applyInArrow(train_batch, schema_of("pooled_trees"))


def collect_trees(rows: DataFrame) -> Mapping[int, PooledTrees]:
    """A run's trees by the last epoch day they have seen: a few hundred kilobytes whatever the catalogue."""
    ordered = rows.where(F.col("foretells") != F.lit(NOTHING)).orderBy("trained_until", "part")
    return trees_by_day([row.asDict() for row in ordered.collect()])


def trees_by_day(rows: Sequence[Mapping[str, Any]]) -> Mapping[int, PooledTrees]:
    """Rows of `pooled_trees`, sorted by part, by the epoch day they are trained until."""
    found: dict[int, PooledTrees] = {}
    for day in sorted({epoch_day(row["trained_until"]) for row in rows if row["foretells"] == MEAN}):
        mine = [row for row in rows if epoch_day(row["trained_until"]) == day]
        mean = tuple(_trees(row) for row in mine if row["foretells"] == MEAN)
        median = [_trees(row) for row in mine if row["foretells"] == MEDIAN]
        weights = [np.array(row["value"], dtype=np.float64) for row in mine if row["foretells"] == LINEAR]
        linear = PooledLinear(weights[0]) if weights else None
        found[day] = PooledTrees(mean, median[0] if median else None, linear)
    return found


def _trees(row: Mapping[str, Any]) -> Trees:
    return Trees(
        float(row["baseline"]),
        np.array(row["feature"], dtype=np.int64),
        np.array(row["threshold"], dtype=np.float64),
        np.array(row["tree"], dtype=np.int64),
        np.array(row["ruled_out"], dtype=np.uint16),
        np.array(row["value"], dtype=np.float64).reshape(-1, MAX_LEAVES),
    )
