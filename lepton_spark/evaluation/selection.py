"""Selection of a candidate per series, by the errors of the series, its demand class or all series."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import (
    ALL,
    ClassErrors,
    class_of_segment,
    segment_of_class,
)
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.demand import INTERMITTENT, LUMPY, NEW
from lepton_spark.evaluation.portfolios import STANDARD, Portfolios
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray, placed

BY_SERIES, BY_CLASS, BY_SEGMENT, BY_DEFAULT = "series", "class", "segment", "default"
"""Whose errors decide: the series' own, those of its class, of its segment, or of all series or none."""

SPARSE_CLASSES = (INTERMITTENT, LUMPY, NEW)
SPARSE_FACTOR = 2
"""Sparse series need this many times the scored columns to use their own errors: most of their days are 0."""


@dataclass(frozen=True)
class SelectionSettings:
    """How much better a candidate must be to be chosen.

    min_class_series: series that a class needs for a choice of its own.
    class_gain: a class leaves its usual candidate for one whose error is lower by more than this share.
    series_gain: a series departs from its class's candidate if its own best error is lower by more than this
    share, and by more than series_standard_errors standard errors over the windows. For comparison, the
    two-sided 95 % limit of Student's t with three windows (two degrees of freedom) is 4.3.
    """

    min_class_series: int = 20
    class_gain: float = 0.01
    series_gain: float = 0.5
    series_standard_errors: float = 4.0


DEFAULT_SELECTION = SelectionSettings()


@dataclass(frozen=True)
class ValidationErrors:
    """Errors on the validation windows: scored observations and sums of squared errors, [C, Wv, S]."""

    n_obs: FloatArray
    sse: FloatArray

    @classmethod
    def of(cls, sums: ErrorSums, windows: Sequence[int]) -> "ValidationErrors":
        """The errors on some of the windows of sums [C, W, S]; windows: their positions."""
        return cls(sums.n_obs[:, windows], sums.sse[:, windows])

    def select(self, rows: IntArray) -> "ValidationErrors":
        """The errors of some of the series."""
        return ValidationErrors(self.n_obs[:, :, rows], self.sse[:, :, rows])

    def of_allowed(self, allowed: BoolArray) -> "ValidationErrors":
        """The errors of the candidates [C, S] that a series may choose; the others are not scored."""
        kept = allowed[:, np.newaxis]
        return ValidationErrors(np.where(kept, self.n_obs, 0.0), np.where(kept, self.sse, 0.0))

    @classmethod
    def none(cls, n_candidates: int, n_series: int, n_windows: int = 0) -> "ValidationErrors":
        """Nothing scored."""
        nothing = np.zeros((n_candidates, n_windows, n_series))
        return cls(nothing, nothing)


@dataclass(frozen=True)
class Selection:
    """The chosen candidate of each series.

    chosen: [S], position of the candidate. runner_up: [S], -1 where there is none.
    level: [S], whose errors decided: `series`, `class`, `segment` (all series of the segment), or `default`
    (all series, or the first candidate).
    margin: [S], share by which the chosen candidate's error is below the runner-up's; below 0 where the
    class keeps its usual candidate though another is slightly better; NaN without a runner-up.
    """

    chosen: IntArray
    runner_up: IntArray
    level: StringArray
    margin: FloatArray

    def with_choice(self, series: BoolArray, candidate: int) -> Self:
        """The selection with one candidate for some series [S], whatever their errors; level `default`."""
        moved = series & (self.chosen != candidate)
        return replace(
            self,
            chosen=np.where(moved, candidate, self.chosen),
            runner_up=np.where(moved, self.chosen, self.runner_up),
            level=np.where(moved, BY_DEFAULT, self.level),
            margin=np.where(moved, np.nan, self.margin),
        )

    def with_rows(self, rows: IntArray, other: "Selection") -> "Selection":
        """The selection with some rows replaced by those of a selection for these series alone."""
        return Selection(
            *(placed(getattr(self, field.name), rows, getattr(other, field.name)) for field in fields(self))
        )


def select(
    validation: ValidationErrors,
    demand_class: StringArray,
    class_errors: ClassErrors,
    min_obs: int,
    *,
    is_young: BoolArray | None = None,
    settings: SelectionSettings = DEFAULT_SELECTION,
    portfolios: Portfolios | None = None,
    segment: IntArray | None = None,
) -> Selection:
    """Choose a candidate for every series; ties go to the earlier candidate.

    A series' own errors decide if it has `min_obs` scored columns (for sparse demand twice as many and a
    sale) and one of these holds: its best candidate is also that of its class; the best one's error is less
    than half of the class candidate's, and lower by more than four standard errors; the class candidate was
    scored on fewer columns. Otherwise the errors of its class decide, or of all series if the class is small:
    for its usual candidate, unless another's error is over 1 % lower. The series of a segment choose from its
    portfolio only: where enough of them are in a class, by their errors, then by those of the whole segment.

    demand_class: [S].
    is_young: [S], series too young for the backtest; they get the first candidate whatever their class.
    segment: [S], position of each series' portfolio; none: the standard one for all series.
    """
    portfolios = portfolios or Portfolios.standard(len(validation.n_obs))
    segment = np.zeros(len(demand_class), dtype=np.int64) if segment is None else segment
    allowed = portfolios.allowed[segment].T  # [C, S]
    validation = validation.of_allowed(allowed)
    own = _own_errors(validation)
    shared, fallback, shared_level = _shared_errors(demand_class, segment, class_errors, portfolios, settings)
    if is_young is not None:
        fallback = np.where(is_young, portfolios.first[segment], fallback)
        shared_level = np.where(is_young, BY_DEFAULT, shared_level)
    best = np.argmin(own, axis=0)
    is_sparse = np.isin(demand_class, SPARSE_CLASSES)
    needed = np.where(is_sparse, SPARSE_FACTOR * min_obs, min_obs)
    enough = (validation.n_obs.sum(axis=1).max(axis=0) >= needed) & np.isfinite(own.min(axis=0))
    enough &= ~(is_sparse & (own.min(axis=0) == 0))  # without a sale, a forecast of 0 looks perfect
    clearly_better = _clearly_better(validation, own, best, fallback, settings)
    by_series = enough & ((best == fallback) | clearly_better)
    chosen = np.where(by_series, best, fallback)
    level = np.where(by_series, BY_SERIES, shared_level)
    runner_up, margin = _runner_up(np.where(by_series, own, shared), chosen)
    return Selection(chosen, runner_up, level, margin)


def class_choice(
    errors: ClassErrors,
    settings: SelectionSettings = DEFAULT_SELECTION,
    portfolios: Portfolios | None = None,
) -> IntArray:
    """[G], the best candidate of each class, or its usual one unless the best one's error is enough lower.

    A class of a segment chooses from that segment's portfolio.
    """
    portfolios = portfolios or Portfolios.standard(errors.scaled_mse.shape[1])
    owners = [portfolios.names.index(segment_of_class(name) or STANDARD) for name in errors.classes]
    choices = _choices(errors, settings, portfolios)
    return choices[np.array(owners, dtype=np.int64), np.arange(len(owners))]


def _choices(errors: ClassErrors, settings: SelectionSettings, portfolios: Portfolios) -> IntArray:
    """[K, G + 1], what each portfolio chooses by the errors of each class, and last without any errors."""
    usable = _usable_errors(errors, settings)
    classes = np.arange(len(usable))
    owner = [segment_of_class(name) or STANDARD for name in errors.classes]
    made = np.empty((len(portfolios.names), len(usable)), dtype=np.int64)
    for row, name in enumerate(portfolios.names):
        error = np.where(portfolios.allowed[row], usable, np.inf)
        is_own = np.array([found == name for found in owner], dtype=np.bool_)
        is_given = np.array([found in errors.usual for found in errors.classes], dtype=np.bool_)
        usual = np.append(
            np.where(is_own & is_given, errors.usual_candidates, portfolios.first[row]), portfolios.first[row]
        )
        best = np.argmin(error, axis=1)
        saves = error[classes, best] < (1.0 - settings.class_gain) * error[classes, usual]
        made[row] = np.where(saves, best, usual)
    return made


def _usable_errors(errors: ClassErrors, settings: SelectionSettings) -> FloatArray:
    """[G + 1, C], the errors of the classes, infinite where too few series count; then an infinite row."""
    enough = (errors.n_series >= settings.min_class_series) & np.isfinite(errors.scaled_mse)
    usable = np.where(enough, errors.scaled_mse, np.inf)
    return np.vstack([usable, np.full(usable.shape[1], np.inf)])


def _own_errors(validation: ValidationErrors) -> FloatArray:
    """[C, S], mean squared error over all windows; infinite where another candidate has more scored days."""
    n_obs, sse = validation.n_obs.sum(axis=1), validation.sse.sum(axis=1)
    comparable = (n_obs > 0) & (n_obs == n_obs.max(axis=0))
    error: FloatArray = np.divide(sse, n_obs, out=np.full(sse.shape, np.inf), where=comparable)
    return error


def _shared_errors(
    demand_class: StringArray,
    segment: IntArray,
    errors: ClassErrors,
    portfolios: Portfolios,
    settings: SelectionSettings,
) -> tuple[FloatArray, IntArray, StringArray]:
    """Of each series' class, its segment, or all series: the errors [C, S] and the choice [S].

    Third, [S]: whose errors these are. Where none has enough series, errors are infinite and the first
    candidate is chosen.
    """
    usable, choices = _usable_errors(errors, settings), _choices(errors, settings, portfolios)
    names, codes = np.unique(demand_class, return_inverse=True)
    pairs, of_pair = np.unique(segment * len(names) + codes, return_inverse=True)
    found = [
        _deciding(str(names[pair % len(names)]), pair // len(names), usable, errors, portfolios)
        for pair in pairs.tolist()
    ]
    rows = np.array([row for row, _ in found], dtype=np.int64)[of_pair]
    levels = np.array([level for _, level in found], dtype=np.str_)[of_pair]
    shared = np.where(portfolios.allowed[segment], usable[rows], np.inf)
    return shared.T, choices[segment, rows], levels


def _deciding(
    demand_class: str, segment: int, usable: FloatArray, errors: ClassErrors, portfolios: Portfolios
) -> tuple[int, str]:
    """The row of the errors that decide for the series of a class in a segment, and their level."""
    name, allowed = portfolios.names[segment], portfolios.allowed[segment]
    chain = [(demand_class, BY_CLASS)]
    if name != STANDARD:
        own = [(demand_class, BY_CLASS), (ALL, BY_SEGMENT)]
        chain = [*((class_of_segment(name, one), level) for one, level in own), *chain]
    position = {found: row for row, found in enumerate(errors.classes)}
    for found, level in chain:
        row = position.get(found)
        if row is not None and np.isfinite(usable[row, allowed]).any():
            return row, level
    return position.get(ALL, len(errors.classes)), BY_DEFAULT


def _clearly_better(
    validation: ValidationErrors,
    own: FloatArray,
    best: IntArray,
    other: IntArray,
    settings: SelectionSettings,
) -> BoolArray:
    """[S], whether the error of `best` is enough below that of `other`, consistently over the windows."""
    series = np.arange(len(best))
    reference = own[other, series]
    with np.errstate(invalid="ignore"):
        gain = reference - own[best, series]
    n_obs = validation.n_obs[best, :, series]  # [S, W]
    scored = n_obs > 0
    difference = validation.sse[other, :, series] - validation.sse[best, :, series]
    per_window = np.divide(difference, n_obs, out=np.zeros_like(difference), where=scored)
    n_windows = scored.sum(axis=1)
    mean = per_window.sum(axis=1) / np.maximum(n_windows, 1)
    squares = np.where(scored, per_window - mean[:, np.newaxis], 0.0) ** 2
    standard_error = np.sqrt(squares.sum(axis=1) / np.maximum(n_windows * (n_windows - 1), 1))
    clear: BoolArray = np.isinf(reference) | (
        (gain > settings.series_gain * reference) & (gain > settings.series_standard_errors * standard_error)
    )
    return clear


def _runner_up(errors: FloatArray, chosen: IntArray) -> tuple[IntArray, FloatArray]:
    """[S] each: the best other candidate, and by what share of its error the chosen one's is lower."""
    series = np.arange(len(chosen))
    others = errors.copy()
    others[chosen, series] = np.inf
    second = np.argmin(others, axis=0)
    second_error, chosen_error = others[second, series], errors[chosen, series]
    exists = np.isfinite(second_error)
    with np.errstate(invalid="ignore"):
        saved = np.divide(
            second_error - chosen_error, second_error, out=np.zeros(len(chosen)), where=second_error > 0
        )
    return np.where(exists, second, -1), np.where(exists, saved, np.nan)
