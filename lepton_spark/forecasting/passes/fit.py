"""Pass B as a cogrouped UDF: select, fit, calibrate and forecast; one row of `fits` per series."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame

from lepton_spark.errors import InputError, explain
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.backtest import classes_for_choice
from lepton_spark.evaluation.batch_forecast import FALLBACKS, BatchForecast, forecast_batch
from lepton_spark.evaluation.choice import standard_scores
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.forecasting.failure_isolation import guarded, one_by_one, worker_limits
from lepton_spark.forecasting.output.fit_rows import FIT_SCHEMA, fit_rows, with_structs
from lepton_spark.forecasting.output.partial_sums import with_partial_sums
from lepton_spark.forecasting.output.standard_sums import STANDARD_SUMS, with_standard
from lepton_spark.forecasting.packing import KEY, packed_batch
from lepton_spark.forecasting.routing import level_in, segment_names, segments_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.panel.covariates import CATEGORY
from lepton_spark.panel.dense import PackedBatch
from lepton_spark.tables.schemas.error_tables import SEGMENT


def fit(
    series: DataFrame,
    candidates: DataFrame,
    settings: FitSettings,
    errors: ClassErrors,
    failure: str | None = None,
) -> DataFrame:
    """The rows of `fits` without the run's id.

    candidates: the run's rows of that table, empty if there is nothing to select. failure: the reason to use
    only fallbacks; None: fit as configured.
    """
    work = FitBatch(settings, errors, failure)

    def fit_batch(rows: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
        return work(rows, scored)

    scored = candidates.select("batch", *KEY, "n_obs", "sse")
    pairs = series.groupBy("batch").cogroup(scored.groupBy("batch"))
    return with_structs(pairs.applyInPandas(fit_batch, FIT_SCHEMA), settings.evaluation.windows)


@dataclass(frozen=True)
class FitBatch:
    """Turns the packed rows of a batch and its rows of `candidates` into flat rows of `fits`.

    compares_standard: whether series of segments are also tested with what they would have chosen without.
    """

    compares_standard: ClassVar[bool] = True
    settings: FitSettings
    errors: ClassErrors
    failure: str | None = None

    def __call__(self, rows: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
        """Fit a batch; every series gets one row, even if its model raises."""
        self.settings.register()
        packed, batch = packed_batch(rows), int(rows["batch"].iloc[0])
        with worker_limits():
            if self.failure is None:
                fitted = guarded(packed, lambda part: self._fit(part, candidates), self._last_resort)
            else:
                fitted = one_by_one(packed, lambda part: self._last_resort(part, str(self.failure)))
        by = self._dimensions(rows, fitted)
        summed = with_partial_sums(fitted.assign(batch=batch), self.settings.evaluation.windows, by)
        return summed.drop(columns=[SEGMENT, STANDARD_SUMS], errors="ignore")

    def _dimensions(self, rows: pd.DataFrame, fitted: pd.DataFrame) -> dict[str, pd.Series]:
        """The dimensions that errors and forecasts are summed by, with the value of each fitted series."""
        by = {"demand_class": fitted["demand_class"]}
        if self.settings.has_locations:
            by["location"] = fitted["location_id"]
        if CATEGORY in rows.columns:
            known = rows.loc[rows[CATEGORY].notna(), [*KEY, CATEGORY]]
            by[CATEGORY] = fitted[KEY].merge(known, "left", KEY)[CATEGORY]
        if SEGMENT in fitted.columns:
            by[SEGMENT] = fitted[SEGMENT]
        return by

    def _fit(self, packed: PackedBatch, candidates: pd.DataFrame) -> pd.DataFrame:
        history, prior = self.settings.history(packed), self.settings.prior(packed)
        segment = self._segments(packed, history)
        forecast = self._forecast(packed, history, candidates, prior, segment)
        rows = fit_rows(packed, history, forecast, self.settings.evaluation, prior=prior)
        if segment is None:
            return rows
        rows = self._with_segment(rows, segment)
        if not self.compares_standard:
            return rows
        standard = self._standard(packed, history, candidates, forecast, segment)
        return with_standard(rows, standard, np.flatnonzero(segment))

    def _segments(self, packed: PackedBatch, history: History) -> IntArray | None:
        """[S], the segment of each series, from 1; None without segments."""
        if not self.settings.rules:
            return None
        demand_class = classes_for_choice(history, self.settings.evaluation)
        return segments_of(self.settings.rules, packed, demand_class)

    def _with_segment(self, rows: pd.DataFrame, segment: IntArray) -> pd.DataFrame:
        """The rows with their segment, which `choice_level` names, too."""
        names = segment_names(self.settings.rules, segment)
        levels = [level_in(level, name) for level, name in zip(rows["choice_level"], names, strict=True)]
        return rows.assign(choice_level=levels, **{SEGMENT: pd.Series(names, dtype=object)})

    def _forecast(
        self,
        packed: PackedBatch,
        history: History,
        candidates: pd.DataFrame,
        prior: Prior | None,
        segment: IntArray | None,
    ) -> BatchForecast:
        return forecast_batch(
            history,
            self.settings.pools,
            self.settings.evaluation,
            self._validation(packed, candidates),
            self.errors,
            closed=self.settings.is_closed_ahead(packed),
            prior=prior,
            segment=segment,
        )

    def _standard(
        self,
        packed: PackedBatch,
        history: History,
        candidates: pd.DataFrame,
        forecast: BatchForecast,
        segment: IntArray,
    ) -> ErrorSums:
        """[N], errors of the standard choice on the test window, for the N series that are in a segment."""
        rows = np.flatnonzero(segment)
        return standard_scores(
            history.select(rows),
            self.settings.pools,
            self.settings.evaluation,
            self._validation(packed, candidates).select(rows),
            self.errors,
            forecast.chosen.select(rows),
        )

    def _last_resort(self, packed: PackedBatch, reason: str) -> pd.DataFrame:
        """Forecast one series by the fallbacks without a backtest; without its history if that raises too."""
        unknown = History(np.full((1, 1), np.nan), np.array([self.settings.calendar.cutoff]))
        return guarded(
            packed,
            lambda part: self._fall_back(part, self.settings.history(part), self.settings.pools, reason),
            lambda part, _: self._fall_back(part, unknown, {}, reason),
        )

    def _fall_back(self, packed: PackedBatch, history: History, pools: Pools, reason: str) -> pd.DataFrame:
        alone = replace(self.settings.evaluation, candidates=FALLBACKS[:1], windows=(), portfolios=())
        nothing = ValidationErrors.none(1, 1)
        closed = self.settings.is_closed_ahead(packed)
        forecast = forecast_batch(history, pools, alone, nothing, ClassErrors.none(1), closed=closed)
        rows = fit_rows(packed, history, forecast, self.settings.evaluation, failure=reason)
        segment = self._segments(packed, history)
        return rows if segment is None else self._with_segment(rows, segment)

    def _validation(self, packed: PackedBatch, candidates: pd.DataFrame) -> ValidationErrors:
        """Errors of the batch's series on the validation windows; all 0 if nothing was scored."""
        evaluation = self.settings.evaluation
        n_series, n_candidates = len(packed.product_ids), len(evaluation.candidates)
        if not evaluation.has_choice:
            return ValidationErrors.none(n_candidates, n_series, len(evaluation.validation))
        rows = _in_order(packed, candidates)
        shape = (n_series, n_candidates, len(evaluation.validation))
        n_obs, sse = (
            _stacked(rows[name], shape).transpose(1, 2, 0).astype(np.float64) for name in ("n_obs", "sse")
        )
        return ValidationErrors(n_obs, sse)


def _in_order(packed: PackedBatch, candidates: pd.DataFrame) -> pd.DataFrame:
    """The rows of `candidates` of these series, in their order.

    Raises: InputError unless each series has one row.
    """
    keys = pd.DataFrame(dict(zip(KEY, (packed.product_ids, packed.location_ids), strict=True)))
    found = keys.merge(candidates, "inner", KEY)
    if not found[KEY].equals(keys):
        raise _not_scored(f"{len(found)} rows for {len(keys)} series")
    return found


def _stacked(lists: pd.Series, shape: tuple[int, ...]) -> FloatArray:
    """The lists as an array. Raises: InputError for lists of another length."""
    size = int(np.prod(shape[1:]))
    other = {len(values) for values in lists} - {size}
    if other:
        raise _not_scored(f"a list of {min(other)} numbers instead of {size}")
    return np.array(lists.to_list()).reshape(shape)


def _not_scored(found: str) -> InputError:
    allowed = "one row for each series, with each candidate and validation window"
    return InputError(explain("table candidates", found, allowed, "Run the forecast again."))
