"""Pass A: the errors of every candidate on every window, one row a series and candidate."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lepton_spark.evaluation.backtest import CandidateScores, score_candidates
from lepton_spark.evaluation.demand import NEW, StringArray
from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.forecasting.arrow import by_series, floats, masked, packed_batch, struct_lists
from lepton_spark.forecasting.failure_isolation import at_work, guarded, one_by_one
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.arrays import FloatArray, IntArray

SUMS = ("sse", "abs_error", "sum_error", "sum_actual")
SCALED_SUMS = ("scaled_sse", "scaled_abs_error")
"""Null in tables where a series has no scale."""


@dataclass(frozen=True)
class ScoreBatch:
    """Packed rows of one batch -> rows of `candidates`."""

    settings: FitSettings
    given_up: str | None = None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Score a batch; a series that cannot be scored keeps its rows, with empty sums and the reason."""
        self.settings.register()
        with at_work():
            if self.given_up is None:
                return guarded(by_series(rows), self._score, self._unscored)
            return one_by_one(by_series(rows), lambda row: self._unscored(row, self.given_up or ""))

    def _score(self, rows: pa.Table) -> pa.Table:
        given = self.settings
        history = given.history(packed_batch(rows))
        classes = given.classes_for_choice(history)
        scores = score_candidates(
            history, given.candidates, given.windows, given.horizon, given.columns(given.min_train_days)
        )
        return self._table(rows, classes, scores)

    def _unscored(self, rows: pa.Table, reason: str) -> pa.Table:
        n_candidates = len(self.settings.candidates)
        nothing = ErrorSums.zeros(n_candidates, len(self.settings.windows), 1)
        reasons = {(place, 0): reason for place in range(n_candidates)}
        return self._table(rows, np.array([NEW]), CandidateScores(nothing, reasons))

    def _table(self, rows: pa.Table, classes: StringArray, scores: CandidateScores) -> pa.Table:
        """Candidates of a series stand together, in the order of the settings."""
        n_series, n_candidates = rows.num_rows, len(self.settings.candidates)
        row_of = np.repeat(np.arange(n_series), n_candidates)
        candidate_of = np.tile(np.arange(n_candidates), n_series)
        ids = rows.select(["batch", "product_id", "location_id"]).take(pa.array(row_of))
        keys = np.array([candidate.key for candidate in self.settings.candidates], dtype=object)
        reasons = [scores.reasons.get(place) for place in zip(candidate_of, row_of, strict=True)]
        return (
            ids.append_column("model", pa.array(keys[candidate_of], type=pa.string()))
            .append_column("demand_class", pa.array(classes[row_of].tolist(), type=pa.string()))
            .append_column("windows", self._windows(scores.sums, row_of, candidate_of))
            .append_column("reason", pa.array(reasons, type=pa.string()))
        )

    def _windows(self, sums: ErrorSums, row_of: IntArray, candidate_of: IntArray) -> pa.Array:
        windows = self.settings.windows
        by_row = sums.map(lambda values: values[candidate_of, :, row_of])  # [S*C, W]
        n_rows = len(row_of)
        fields = {
            "window": pa.array(np.tile([window.index for window in windows], n_rows), type=pa.int32()),
            "role": pa.array([window.role.value for window in windows] * n_rows, type=pa.string()),
            **sum_columns(by_row.map(np.ravel)),
        }
        return struct_lists(fields, np.full(n_rows, len(windows)))


def sum_columns(sums: ErrorSums) -> dict[str, pa.Array]:
    """The sums [N] as columns; scaled ones null where nothing could be scaled."""
    scaled = (sums.n_scaled > 0) | (sums.n_obs == 0)
    return {
        "n_obs": pa.array(sums.n_obs.astype(np.int64)),
        **{name: pa.array(getattr(sums, name)) for name in SUMS},
        **{name: masked(getattr(sums, name), scaled) for name in SCALED_SUMS},
    }


def read_sums(windows: pa.Array) -> ErrorSums:
    """The sums [N] of a flattened `windows` column."""

    def column(name: str) -> FloatArray:
        return floats(windows.field(name))

    scaled = {name: column(name) for name in SCALED_SUMS}
    n_obs = column("n_obs")
    return ErrorSums(
        n_obs=n_obs,
        n_scaled=np.where(np.isnan(scaled["scaled_sse"]), 0.0, n_obs),
        **{name: column(name) for name in SUMS},
        **{name: np.nan_to_num(values) for name, values in scaled.items()},
    )
