"""Pass B as a cogrouped UDF: select, fit, calibrate and forecast; one row of `fits` per series."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.evaluation.batch_forecast import FALLBACKS, forecast_batch
from lepton_spark.evaluation.class_errors import ClassErrors
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.evaluation.windows import Role
from lepton_spark.forecasting.failure_isolation import guarded, one_by_one, worker_limits
from lepton_spark.forecasting.output.fit_rows import FIT_SCHEMA, fit_rows, with_structs
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.panel.dense import PackedBatch


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

    pairs = series.groupBy("batch").cogroup(_validation_errors(candidates).groupBy("batch"))
    return with_structs(pairs.applyInPandas(fit_batch, FIT_SCHEMA), settings.evaluation.windows)


def _validation_errors(candidates: DataFrame) -> DataFrame:
    """The columns of `candidates` that selection needs, with lists over the validation windows."""
    validation = F.filter("windows", lambda window: window["role"] == F.lit(Role.VALIDATION.value))
    rows = candidates.withColumn("windows", validation)
    return rows.select(
        "batch", "product_id", "location_id", "model", F.col("windows.n_obs"), F.col("windows.sse")
    )


@dataclass(frozen=True)
class FitBatch:
    """Turns the packed rows of a batch and its rows of `candidates` into flat rows of `fits`."""

    settings: FitSettings
    errors: ClassErrors
    failure: str | None = None

    def __call__(self, rows: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
        """Fit a batch; every series gets one row, even if its model raises."""
        self.settings.register()
        packed, batch = packed_batch(rows), int(rows["batch"].iloc[0])
        with worker_limits():
            if self.failure is None:
                fitted = guarded(packed, lambda part: self._fit(part, candidates, batch), self._last_resort)
            else:
                fitted = one_by_one(packed, lambda part: self._last_resort(part, str(self.failure)))
        return fitted.assign(batch=batch)

    def _fit(self, packed: PackedBatch, candidates: pd.DataFrame, batch: int) -> pd.DataFrame:
        history, prior = self.settings.history(packed), self.settings.prior(packed)
        forecast = forecast_batch(
            history,
            self.settings.pools,
            self.settings.evaluation,
            self._validation(packed, candidates),
            self.errors,
            closed=self.settings.is_closed_ahead(packed),
            prior=prior,
        )
        return fit_rows(packed, history, forecast, self.settings.evaluation, batch=batch, prior=prior)

    def _last_resort(self, packed: PackedBatch, reason: str) -> pd.DataFrame:
        """Forecast one series by the fallbacks without a backtest; without its history if that raises too."""
        unknown = History(np.full((1, 1), np.nan), np.array([self.settings.calendar.cutoff]))
        return guarded(
            packed,
            lambda part: self._fall_back(part, self.settings.history(part), self.settings.pools, reason),
            lambda part, _: self._fall_back(part, unknown, {}, reason),
        )

    def _fall_back(self, packed: PackedBatch, history: History, pools: Pools, reason: str) -> pd.DataFrame:
        alone = replace(self.settings.evaluation, candidates=FALLBACKS[:1], windows=())
        nothing = ValidationErrors.none(1, 1)
        closed = self.settings.is_closed_ahead(packed)
        forecast = forecast_batch(history, pools, alone, nothing, ClassErrors.none(1), closed=closed)
        return fit_rows(packed, history, forecast, self.settings.evaluation, failure=reason)

    def _validation(self, packed: PackedBatch, candidates: pd.DataFrame) -> ValidationErrors:
        """Errors of the batch's series on the validation windows; all 0 if nothing was scored."""
        evaluation = self.settings.evaluation
        n_series, n_candidates = len(packed.product_ids), len(evaluation.candidates)
        if not evaluation.has_choice:
            return ValidationErrors.none(n_candidates, n_series, len(evaluation.validation))
        rows = _in_order(packed, candidates, [candidate.key for candidate in evaluation.candidates])
        shape = (n_series, n_candidates, len(evaluation.validation))
        n_obs, sse = (np.array(rows[name].tolist()).reshape(shape) for name in ("n_obs", "sse"))
        return ValidationErrors(n_obs.transpose(1, 2, 0).astype(np.float64), sse.transpose(1, 2, 0))


def _in_order(packed: PackedBatch, candidates: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows of `candidates` of these series, sorted by series, then by candidate in the configured order.

    Raises: InputError unless each series has each candidate once.
    """
    series = dict(
        zip(
            zip(packed.product_ids, packed.location_ids, strict=True),
            range(len(packed.product_ids)),
            strict=True,
        )
    )
    position = {key: number for number, key in enumerate(keys)}
    ids = zip(candidates["product_id"], candidates["location_id"], candidates["model"], strict=True)
    place = np.array(
        [
            series[(product, location)] * len(keys) + position[model]
            if (product, location) in series and model in position
            else -1
            for product, location, model in ids
        ],
        dtype=np.int64,
    )
    order = np.argsort(place, kind="stable")[np.count_nonzero(place < 0) :]
    if not np.array_equal(place[order], np.arange(len(series) * len(keys))):
        found = f"{len(order)} rows for {len(series)} series and {len(keys)} candidates"
        allowed = "one row for each series and candidate"
        raise InputError(explain("table candidates", found, allowed, "Run the forecast again."))
    return candidates.iloc[order]
