"""Pass B: choose, fit, calibrate, forecast; exactly one result row a series."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lepton_spark.errors import InputError, explain
from lepton_spark.evaluation.batch_forecast import FALLBACKS, BatchForecast, forecast_batch
from lepton_spark.evaluation.demand import NEW, StringArray, demand_classes
from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.selection import ClassTable, Selection, select
from lepton_spark.evaluation.windows import Window
from lepton_spark.forecasting.arrow import by_series, packed_batch
from lepton_spark.forecasting.failure_isolation import at_work, guarded, one_by_one
from lepton_spark.forecasting.output.fit_rows import Batch, result_rows
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.passes.score import read_sums
from lepton_spark.forecasting.settings import LEVELS, MIN_CHOICE_DAYS, FitSettings
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.dense import PackedBatch


@dataclass(frozen=True)
class FitBatch:
    """Packed rows of one batch and its rows of `candidates` -> rows of `fits`."""

    settings: FitSettings
    table: ClassTable
    given_up: str | None = None

    def __call__(self, rows: pa.Table, candidates: pa.Table) -> pa.Table:
        """Fit a batch; every series gives one row, whatever happens to it."""
        self.settings.register()
        with at_work():
            if self.given_up is None:
                return guarded(by_series(rows), lambda part: self._fit(part, candidates), self._last_resort)
            return one_by_one(by_series(rows), lambda row: self._last_resort(row, self.given_up or ""))

    def _fit(self, rows: pa.Table, candidates: pa.Table) -> pa.Table:
        packed = packed_batch(rows)
        history, classes = self._history(packed)
        seen = self.settings.classes_for_choice(history)
        least = self.settings.columns(MIN_CHOICE_DAYS)
        unjudged = history.n_known < self.settings.columns(self.settings.min_train_days)
        sums = self._sums(rows, candidates)
        selection = select(sums, seen, self.table, least, unjudged=unjudged)
        prior = self.settings.prior(packed)
        forecast = self._forecast(
            packed, history, self.settings.candidates, selection, self.settings.windows, prior
        )
        return result_rows(rows, Batch(history, classes, selection, forecast, prior), self.settings)

    def _last_resort(self, rows: pa.Table, reason: str) -> pa.Table:
        """One series by the fallbacks alone, without a backtest; as an unknown one when that fails too."""
        return guarded(
            rows,
            lambda part: self._fall_back(part, *self._history(packed_batch(part)), reason),
            lambda part, _: self._fall_back(part, self._unknown(), np.array([NEW]), reason),
        )

    def _fall_back(self, rows: pa.Table, history: History, classes: StringArray, reason: str) -> pa.Table:
        selection = select(ErrorSums.zeros(1, 0, 1), classes, no_class_table(1), 1)
        forecast = self._forecast(packed_batch(rows), history, FALLBACKS[:1], selection, (), None)
        return result_rows(rows, Batch(history, classes, selection, forecast), self.settings, reason)

    def _unknown(self) -> History:
        return History(np.full((1, 1), np.nan), np.array([self.settings.calendar.cutoff]))

    def _history(self, packed: PackedBatch) -> tuple[History, StringArray]:
        history = self.settings.history(packed)
        given = self.settings
        new, obsolete = given.columns(given.new_days), given.columns(given.obsolete_days)
        return history, demand_classes(history.quantity, new, obsolete)

    def _forecast(
        self,
        packed: PackedBatch,
        history: History,
        candidates: tuple[Candidate, ...],
        selection: Selection,
        windows: tuple[Window, ...],
        prior: Prior | None,
    ) -> BatchForecast:
        return forecast_batch(
            history,
            self.settings.unsold_ahead(packed),
            candidates,
            selection,
            windows,
            horizon=self.settings.horizon,
            levels=LEVELS,
            obsolete_days=self.settings.columns(self.settings.obsolete_days),
            min_train_days=self.settings.columns(self.settings.min_train_days),
            prior=prior,
        )

    def _sums(self, rows: pa.Table, candidates: pa.Table) -> ErrorSums:
        """Validation errors of the batch's series, fields of [C, Wv, S]; nothing where nothing was scored."""
        n_candidates, validation = len(self.settings.candidates), self.settings.validation
        if not self.settings.has_choice:
            return ErrorSums.zeros(n_candidates, len(validation), rows.num_rows)
        own = _in_order(rows, candidates, self.settings.candidates)
        shape = (rows.num_rows, n_candidates, len(self.settings.windows))
        sums = read_sums(own["windows"].combine_chunks().flatten())
        return sums.map(lambda values: values.reshape(shape)[:, :, validation].transpose(1, 2, 0))


def _in_order(rows: pa.Table, candidates: pa.Table, known: tuple[Candidate, ...]) -> pa.Table:
    """The rows of `candidates` of these series, by series and then as `known` are ordered.

    Raises: InputError unless each series has each candidate once.
    """
    keys = pa.array([candidate.key for candidate in known], type=pa.string())
    ids = ("product_id", "location_id")
    series = {
        pair: place for place, pair in enumerate(zip(*(rows[name].to_pylist() for name in ids), strict=True))
    }
    pairs = zip(*(candidates[name].to_pylist() for name in ids), strict=True)
    row = np.array([series.get(pair, -1) for pair in pairs], dtype=np.int64)
    place = pc.fill_null(pc.index_in(candidates["model"], value_set=keys), -1).to_numpy()
    mine = np.flatnonzero((row >= 0) & (place >= 0))
    order = mine[np.argsort(row[mine] * len(known) + place[mine], kind="stable")]
    complete = np.array_equal(row[order] * len(known) + place[order], np.arange(len(series) * len(known)))
    if not complete:
        found = f"{len(order)} rows for {len(series)} series and {len(known)} candidates"
        raise InputError(explain("table candidates", found, "one row each", "Run the forecast again."))
    return candidates.take(pa.array(order))
