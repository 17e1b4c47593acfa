"""Errors of the candidates pooled by demand class."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.models.data.arrays import FloatArray, IntArray, StringArray

ALL = "all"
"""The class of all series."""

_OF_SEGMENT = "/"

SERIES_CAP = 10.0
"""Upper bound of one series' mean scaled squared error, so that no series dominates its class."""


@dataclass(frozen=True)
class ClassErrors:
    """Validation errors of C candidates in G demand classes.

    classes: [G] names, `all` among them, and those of segments (see `class_of_segment`).
    scaled_mse: [G, C], NaN where nothing was scored. n_series: [G, C].
    usual: position of the candidate of a class unless another one is clearly better; the first if not given.
    """

    classes: tuple[str, ...]
    scaled_mse: FloatArray
    n_series: FloatArray
    usual: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def none(cls, n_candidates: int) -> "ClassErrors":
        """No class: nothing to choose by."""
        empty = np.zeros((0, n_candidates))
        return cls((), empty, empty)

    @property
    def usual_candidates(self) -> IntArray:
        """[G], the usual candidate of each class."""
        return np.array([self.usual.get(name, 0) for name in self.classes], dtype=np.int64)


def class_of_segment(segment: str, demand_class: str) -> str:
    """The name of a demand class, or of all classes, among the series of a segment only.

    >>> class_of_segment("seasonal", "smooth")
    'seasonal/smooth'
    """
    return f"{segment}{_OF_SEGMENT}{demand_class}"


def segment_of_class(name: str) -> str | None:
    """The segment to which a class belongs; None for a class of all series."""
    segment, separator, _ = name.rpartition(_OF_SEGMENT)
    return segment if separator else None


def series_errors(validation: ErrorSums) -> tuple[FloatArray, FloatArray]:
    """[C, S] each: capped sums of scaled squared errors, and the observations behind them.

    A mean error that is not a number (infinite error, infinite scale) counts as the cap.
    validation: fields of [C, Wv, S].
    """
    pooled = validation.pool(axis=1)
    scored = pooled.n_scaled > 0
    mean = np.divide(pooled.scaled_sse, pooled.n_scaled, out=np.zeros_like(pooled.sse), where=scored)
    return np.fmin(mean, SERIES_CAP) * pooled.n_scaled, pooled.n_scaled


def class_errors(
    validation: ErrorSums, demand_class: StringArray, segment: StringArray | None = None
) -> ClassErrors:
    """The class errors of series that fit one process; `forecasting.passes.class_errors` adds up batches.

    validation: fields of [C, Wv, S]. demand_class: [S]. segment: [S], whose errors count separately, too; ""
    for none.
    """
    capped_sse, n_scaled = series_errors(validation)
    groups = {name: demand_class == name for name in sorted(set(demand_class.tolist()))}
    groups[ALL] = np.ones(len(demand_class), dtype=np.bool_)
    if segment is not None:
        groups |= {
            class_of_segment(name, of): rows & (segment == name)
            for name in sorted(set(segment.tolist()) - {""})
            for of, rows in groups.items()
        }
    members = [np.flatnonzero(rows) for rows in groups.values()]
    total = np.array([capped_sse[:, rows].sum(axis=1) for rows in members])
    n_obs = np.array([n_scaled[:, rows].sum(axis=1) for rows in members])
    n_series = np.array([(n_scaled[:, rows] > 0).sum(axis=1) for rows in members], dtype=np.float64)
    scaled_mse = np.divide(total, n_obs, out=np.full(total.shape, np.nan), where=n_obs > 0)
    return ClassErrors(tuple(groups), scaled_mse, n_series)
