"""The only pass of a run that keeps models: only new and changed series choose anew."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.batch_forecast import OBSOLETE, OK, BatchForecast
from lepton_spark.evaluation.kept_choice import KeptChoice, forecast_keeping
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import COUNTS, Spread, n_groups
from lepton_spark.evaluation.quantiles.demand_sums import sum_dispersion_name, sum_lengths
from lepton_spark.evaluation.selection import Selection
from lepton_spark.forecasting.output.fit_rows import FIT_SCHEMA, with_structs
from lepton_spark.forecasting.packing import KEY
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.routing import level_alone
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.panel.dense import PackedBatch
from lepton_spark.panel.series import batch_of

_KEPT = (
    "status",
    "model",
    "demand_class",
    "runner_up",
    "margin",
    "choice_level",
    "quantile_method",
    "error_quantiles",
)


def kept_rows(fits: DataFrame, n_batches: int, horizon: int) -> DataFrame:
    """What a run keeps of a full run's rows of `fits`, in its own batches."""
    parameters = [
        F.element_at("parameters", F.lit(name)).alias(name) for name in ("dispersion", *_sum_names(horizon))
    ]
    return fits.select(batch_of(n_batches).alias("batch"), *KEY, *_KEPT, *parameters)


def _sum_names(horizon: int) -> list[str]:
    return [sum_dispersion_name(length) for length in sum_lengths(horizon)]


def fit_keeping(
    series: DataFrame,
    kept: DataFrame,
    settings: FitSettings,
    errors: ClassErrors,
    failure: str | None = None,
) -> DataFrame:
    """The rows of `fits` without the run's id, each series with the model that a full run chose for it.

    kept: from `kept_rows`. errors: those of the full run's demand classes. failure: the reason to use only
    fallbacks.
    """
    work = KeepingBatch(settings, errors, failure)

    def fit_batch(rows: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
        return work(rows, kept)

    pairs = series.groupBy("batch").cogroup(kept.groupBy("batch"))
    return with_structs(pairs.applyInPandas(fit_batch, FIT_SCHEMA), settings.evaluation.windows)


@dataclass(frozen=True)
class KeepingBatch(FitBatch):
    """Turns the packed rows of a batch and the full run's rows of `fits` into flat rows of `fits`."""

    compares_standard: ClassVar[bool] = False  # errors are those of the full run

    def _forecast(
        self,
        packed: PackedBatch,
        history: History,
        kept: pd.DataFrame,
        prior: Prior | None,
        segment: IntArray | None,
    ) -> BatchForecast:
        return forecast_keeping(
            history,
            self.settings.pools,
            self.settings.evaluation,
            self._kept_choice(packed, kept),
            self.errors,
            closed=self.settings.is_closed_ahead(packed),
            prior=prior,
            segment=segment,
        )

    def _kept_choice(self, packed: PackedBatch, kept: pd.DataFrame) -> KeptChoice:
        keys = pd.DataFrame(dict(zip(KEY, (packed.product_ids, packed.location_ids), strict=True)))
        rows = keys.merge(kept, "left", KEY)
        position = {candidate.key: at for at, candidate in enumerate(self.settings.evaluation.candidates)}
        chosen, runner_up = (_positions(rows[name], position) for name in ("model", "runner_up"))
        is_obsolete = (rows["status"] == OBSOLETE).to_numpy()
        return KeptChoice(
            is_known=((rows["status"] == OK).to_numpy() & (chosen >= 0)) | is_obsolete,
            selection=Selection(
                np.maximum(chosen, 0),
                runner_up,
                np.array([level_alone(level) for level in rows["choice_level"].fillna("default")]),
                rows["margin"].to_numpy(dtype=np.float64),
            ),
            spread=self._spread(rows),
            sums=rows[_sum_names(self.settings.horizon)].to_numpy(dtype=np.float64),
            demand_class=rows["demand_class"].fillna("").to_numpy(dtype=np.str_),
            is_obsolete=is_obsolete,
        )

    def _spread(self, rows: pd.DataFrame) -> Spread:
        evaluation = self.settings.evaluation
        shape = (len(rows), n_groups(evaluation.horizon), len(evaluation.levels))
        errors: FloatArray = np.full(shape, np.nan)
        for row in np.flatnonzero(rows["error_quantiles"].notna()).tolist():
            errors[row] = np.stack(rows["error_quantiles"].iloc[row])
        dispersion = rows["dispersion"].fillna(1.0).to_numpy(dtype=np.float64)
        whole_units = (rows["quantile_method"] == COUNTS).to_numpy()
        return Spread(whole_units, dispersion, errors, without_errors=dispersion)


def _positions(keys: pd.Series, position: dict[str, int]) -> IntArray:
    """[S], the position of each candidate, -1 where there is none."""
    return np.array([position.get(key, -1) for key in keys], dtype=np.int64)
