"""Pass A as a grouped UDF: one row of `candidates` for every series of a batch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.class_errors import series_errors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.backtest import CandidateScores, score_candidates
from lepton_spark.evaluation.demand import NEW
from lepton_spark.forecasting.failure_isolation import guarded, one_by_one, worker_limits
from lepton_spark.forecasting.packing import packed_batch, rows_of
from lepton_spark.forecasting.passes.class_errors import CLASS_SUMS, with_class_sums
from lepton_spark.forecasting.routing import segments_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.panel.dense import PackedBatch
from lepton_spark.tables.schemas.error_tables import SEGMENT
from lepton_spark.tables.schemas.staged_tables import CLASS_SUM_TYPE

_SCHEMA = (
    "batch INT, product_id STRING, location_id STRING, demand_class STRING, n_obs ARRAY<INT>, "
    f"sse ARRAY<DOUBLE>, reasons MAP<STRING, STRING>, {CLASS_SUMS} {CLASS_SUM_TYPE}"
)


def score(series: DataFrame, settings: FitSettings, failure: str | None = None) -> DataFrame:
    """The rows of `candidates` without the run's id.

    failure: reason why no model may run; the sums are then 0.
    """
    work = ScoreBatch(settings, failure)

    def score_batch(rows: pd.DataFrame) -> pd.DataFrame:
        return work(rows)

    scored = series.groupBy("batch").applyInPandas(score_batch, _SCHEMA)
    return scored.withColumn("models", F.array(*map(F.lit, work.models)))


@dataclass(frozen=True)
class ScoreBatch:
    """Packed rows of one batch -> rows of `candidates`, with lists over candidates and validation windows."""

    settings: FitSettings
    failure: str | None = None

    @property
    def models(self) -> list[str]:
        """The candidates in their order."""
        return [candidate.key for candidate in self.settings.evaluation.candidates]

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Score a batch; a series that cannot be scored has sums of 0 and the reason."""
        self.settings.register()
        packed, batch = packed_batch(rows), int(rows["batch"].iloc[0])
        with worker_limits():
            if self.failure is None:
                scored = guarded(packed, self._score, self._unscored)
            else:
                scored = one_by_one(packed, lambda part: self._unscored(part, str(self.failure)))
        return with_class_sums(scored, self.models).assign(batch=batch)

    def _score(self, packed: PackedBatch) -> pd.DataFrame:
        history = self.settings.history(packed)
        scores = score_candidates(history, self.settings.pools, self.settings.evaluation)
        rows = self._rows(packed, scores)
        if not self.settings.rules:
            return rows
        segment = segments_of(self.settings.rules, packed, scores.demand_class)
        names = self.settings.evaluation.choices.names
        owners = [names[position] or None for position in segment.tolist()]
        return rows.assign(**{SEGMENT: pd.Series(owners, dtype=object)})

    def _unscored(self, packed: PackedBatch, reason: str) -> pd.DataFrame:
        evaluation = self.settings.evaluation
        sums = ErrorSums.zeros(len(evaluation.candidates), len(evaluation.windows), 1)
        reasons = {(position, 0): reason for position in range(len(evaluation.candidates))}
        return self._rows(packed, CandidateScores(sums, reasons, np.array([NEW])))

    def _rows(self, packed: PackedBatch, scores: CandidateScores) -> pd.DataFrame:
        """One row per series; candidates in the order of the settings."""
        validation = scores.sums.map(lambda sums: sums[:, self.settings.evaluation.validation])  # [C, Wv, S]
        capped_sse, n_scaled = series_errors(validation)
        n_series = len(packed.product_ids)
        reasons: list[dict[str, str] | None] = [None] * n_series
        for (candidate, row), reason in sorted(scores.reasons.items()):
            reasons[row] = (reasons[row] or {}) | {self.models[candidate]: reason}
        return pd.DataFrame(
            {
                "product_id": packed.product_ids,
                "location_id": packed.location_ids,
                "demand_class": scores.demand_class.astype(object),
                "n_obs": rows_of(validation.n_obs.reshape(-1, n_series).T.astype(np.int64)),
                "sse": rows_of(validation.sse.reshape(-1, n_series).T),
                "reasons": pd.Series(reasons, dtype=object),
                "capped_sse": rows_of(capped_sse.T),
                "n_scaled": rows_of(n_scaled.T),
            }
        )
