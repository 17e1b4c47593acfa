"""Pass A as a grouped UDF: one row of `candidates` for every series and candidate of a batch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.backtest import CandidateScores, score_candidates
from lepton_spark.evaluation.class_errors import series_errors
from lepton_spark.evaluation.demand import NEW
from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.evaluation.windows import Window
from lepton_spark.forecasting.failure_isolation import guarded, one_by_one, worker_limits
from lepton_spark.forecasting.output.sums import SUM_COLUMNS, SUM_TYPES, sum_arrays
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.panel.dense import PackedBatch

_SCHEMA = (
    "batch INT, product_id STRING, location_id STRING, model STRING, demand_class STRING, "
    f"capped_sse DOUBLE, n_scaled BIGINT, reason STRING, {SUM_TYPES}"
)


def score(series: DataFrame, settings: FitSettings, failure: str | None = None) -> DataFrame:
    """The rows of `candidates` without the run's id.

    failure: reason why no model may run; the sums are then 0.
    """
    work = ScoreBatch(settings, failure)

    def score_batch(rows: pd.DataFrame) -> pd.DataFrame:
        return work(rows)

    scored = series.groupBy("batch").applyInPandas(score_batch, _SCHEMA)
    return _with_windows(scored, settings.evaluation.windows)


@dataclass(frozen=True)
class ScoreBatch:
    """Packed rows of one batch -> flat rows of `candidates`, with one list over the windows for each sum."""

    settings: FitSettings
    failure: str | None = None

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Score a batch; a series that cannot be scored has sums of 0 and the reason."""
        self.settings.register()
        packed, batch = packed_batch(rows), int(rows["batch"].iloc[0])
        with worker_limits():
            if self.failure is None:
                scored = guarded(packed, self._score, self._unscored)
            else:
                scored = one_by_one(packed, lambda part: self._unscored(part, str(self.failure)))
        return scored.assign(batch=batch)

    def _score(self, packed: PackedBatch) -> pd.DataFrame:
        history = self.settings.history(packed)
        scores = score_candidates(history, self.settings.pools, self.settings.evaluation)
        return self._rows(packed, scores)

    def _unscored(self, packed: PackedBatch, reason: str) -> pd.DataFrame:
        evaluation = self.settings.evaluation
        sums = ErrorSums.zeros(len(evaluation.candidates), len(evaluation.windows), 1)
        reasons = {(position, 0): reason for position in range(len(evaluation.candidates))}
        return self._rows(packed, CandidateScores(sums, reasons, np.array([NEW])))

    def _rows(self, packed: PackedBatch, scores: CandidateScores) -> pd.DataFrame:
        """One row per series and candidate, candidates in the order of the settings."""
        evaluation = self.settings.evaluation
        n_series, n_candidates = len(packed.product_ids), len(evaluation.candidates)
        row = np.repeat(np.arange(n_series), n_candidates)
        candidate = np.tile(np.arange(n_candidates), n_series)
        capped_sse, n_scaled = series_errors(scores.sums.map(lambda sums: sums[:, evaluation.validation]))
        keys = np.array([item.key for item in evaluation.candidates], dtype=object)
        by_row = scores.sums.map(lambda sums: sums[candidate, :, row])  # [S*C, W]
        return pd.DataFrame(
            {
                "product_id": np.array(packed.product_ids, dtype=object)[row],
                "location_id": np.array(packed.location_ids, dtype=object)[row],
                "model": keys[candidate],
                "demand_class": scores.demand_class[row].astype(object),
                "capped_sse": capped_sse[candidate, row],
                "n_scaled": n_scaled[candidate, row].astype(np.int64),
                "reason": [
                    scores.reasons.get(key) for key in zip(candidate.tolist(), row.tolist(), strict=True)
                ],
                **sum_arrays(by_row),
            }
        )


def _with_windows(rows: DataFrame, windows: tuple[Window, ...]) -> DataFrame:
    """The lists of sums joined to one list of windows."""
    plan = {
        "window": F.array(*(F.lit(window.index) for window in windows)).cast("array<int>"),
        "role": F.array(*(F.lit(window.role.value) for window in windows)).cast("array<string>"),
    }
    zipped = F.arrays_zip("window", "role", *SUM_COLUMNS)
    return rows.withColumns(plan).withColumn("windows", zipped).drop("window", "role", *SUM_COLUMNS)
