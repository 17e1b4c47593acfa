"""Errors of the candidates pooled by demand class."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.models.data.arrays import FloatArray, IntArray, StringArray

ALL = "all"
"""The class of all series."""

SERIES_CAP = 10.0
"""Upper bound of one series' mean scaled squared error, so that no series dominates its class."""


@dataclass(frozen=True)
class ClassErrors:
    """Validation errors of C candidates in G demand classes on W windows.

    classes: [G] names, `all` among them.
    by_window: [G, C, W], what each window adds to the mean scaled squared error; NaN where nothing is scored.
    n_series: [G, C].
    usual: [G], the candidate of a class unless another one is clearly better; by default the first.
    """

    classes: tuple[str, ...]
    by_window: FloatArray
    n_series: FloatArray
    usual: IntArray

    @classmethod
    def of(
        cls, classes: tuple[str, ...], capped_sse: FloatArray, n_obs: FloatArray, n_series: FloatArray
    ) -> Self:
        """From sums: capped_sse: [G, C, W]. n_obs: [G, C], observations of all windows."""
        n_obs = n_obs[:, :, np.newaxis]
        by_window = np.divide(capped_sse, n_obs, out=np.full(capped_sse.shape, np.nan), where=n_obs > 0)
        return cls(classes, by_window, n_series, np.zeros(len(classes), dtype=np.int64))

    @classmethod
    def none(cls, n_candidates: int) -> Self:
        """No class: nothing to choose by."""
        return cls.of((), *(np.zeros((0, n_candidates, *windows)) for windows in ((0,), (), ())))

    @property
    def scaled_mse(self) -> FloatArray:
        """[G, C], the mean over all windows; NaN where nothing was scored."""
        mean: FloatArray = self.by_window.sum(axis=2)
        return mean

    def keeping(self, candidates: Mapping[str, int]) -> Self:
        """The same errors, with the positions of the usual candidates of some classes."""
        usual = [candidates.get(name, 0) for name in self.classes]
        return replace(self, usual=np.array(usual, dtype=np.int64))

    def gains(self) -> tuple[FloatArray, FloatArray]:
        """[G, C] each: by how much a candidate's error is below the usual one's; the standard error of that.

        The windows are taken as independent, since the series of one window are not; 0 with one window.
        """
        usual = np.take_along_axis(self.by_window, self.usual[:, np.newaxis, np.newaxis], axis=1)
        saved = usual - self.by_window
        n_windows = saved.shape[2]
        if n_windows < 2:
            return saved.sum(axis=2), np.zeros(saved.shape[:2])
        variance = n_windows * saved.var(axis=2, ddof=1)
        return saved.sum(axis=2), np.sqrt(variance)


def series_errors(validation: ErrorSums) -> tuple[FloatArray, FloatArray]:
    """Capped sums of scaled squared errors [C, Wv, S], and the observations of all windows behind [C, S].

    A series whose mean error is above the cap, or not a number (infinite error, infinite scale), counts with
    the cap on each of its observations.
    validation: fields of [C, Wv, S].
    """
    pooled = validation.pool(axis=1)
    with np.errstate(invalid="ignore"):
        is_usual = pooled.scaled_sse <= SERIES_CAP * pooled.n_scaled
    capped = np.where(is_usual[:, np.newaxis], validation.scaled_sse, SERIES_CAP * validation.n_scaled)
    return capped, pooled.n_scaled


def class_errors(validation: ErrorSums, demand_class: StringArray) -> ClassErrors:
    """The class errors of series that fit one process; `forecasting.passes.class_errors` adds up batches.

    validation: fields of [C, Wv, S]. demand_class: [S].
    """
    capped_sse, n_scaled = series_errors(validation)
    classes = (*sorted(set(demand_class.tolist())), ALL)
    members = [np.flatnonzero((demand_class == name) | (name == ALL)) for name in classes]
    total = np.array([capped_sse[:, :, rows].sum(axis=2) for rows in members])
    n_obs = np.array([n_scaled[:, rows].sum(axis=1) for rows in members])
    n_series = np.array([(n_scaled[:, rows] > 0).sum(axis=1) for rows in members], dtype=np.float64)
    return ClassErrors.of(classes, total, n_obs, n_series)
