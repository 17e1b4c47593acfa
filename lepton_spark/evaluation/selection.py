"""Which candidate a series uses: by its own errors where they say enough, else by its demand class."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.demand import INTERMITTENT, LUMPY, NEW, StringArray
from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

ALL = "all"
"""The class of every series."""

MIN_CLASS_SERIES = 20
"""Series a class needs before it speaks for its members."""

SERIES_CAP = 10.0
"""Most that one series' mean scaled squared error counts in a class, so that no series rules it."""

SPARSE_CLASSES = (INTERMITTENT, LUMPY, NEW)
SPARSE_FACTOR = 2
"""Sparse demand needs so many times the observations to choose by itself: most of its days are zeros."""

CLASS_GAIN = 0.01
"""Share of the first candidate's error that another must save before a class leaves the standard setting."""

CLEAR_GAIN = 0.5
CLEAR_ERRORS = 4.0
"""Share of the class choice's error that a series' own choice must save, and by how many standard errors over
three windows (two degrees of freedom: 4.3 make 95 %). Weaker claims cost accuracy: docs/accuracy.md."""


@dataclass(frozen=True)
class ClassTable:
    """How candidates do in each demand class, on validation windows.

    classes: [G] names, with `all`. scaled_mse: [G, C], NaN where nothing was scored. n_series: [G, C].
    """

    classes: tuple[str, ...]
    scaled_mse: FloatArray
    n_series: FloatArray


@dataclass(frozen=True)
class Selection:
    """The choice for each series.

    chosen: [S], place of the candidate. runner_up: [S], -1 when there is none.
    level: [S], whose errors chose: `series`, `class`, or `default` (every series', or the first candidate).
    margin: [S], share of the runner-up's error that the chosen one saves, below 0 where the first candidate
    was kept; NaN without a runner-up.
    """

    chosen: IntArray
    runner_up: IntArray
    level: StringArray
    margin: FloatArray


def class_table(sums: ErrorSums, demand_class: StringArray) -> ClassTable:
    """Pool validation errors by class: each series' mean scaled squared error, capped, weighted by its days.

    sums: fields of [C, Wv, S]; demand_class: [S].
    """
    pooled = sums.pool(axis=1)  # [C, S]
    scored = pooled.n_scaled > 0
    mean = np.divide(pooled.scaled_sse, pooled.n_scaled, out=np.zeros_like(pooled.sse), where=scored)
    weighted = np.minimum(mean, SERIES_CAP) * pooled.n_scaled
    classes = (*sorted(set(demand_class.tolist())), ALL)
    members = [np.flatnonzero((demand_class == name) | (name == ALL)) for name in classes]
    total = np.array([weighted[:, rows].sum(axis=1) for rows in members])
    n_obs = np.array([pooled.n_scaled[:, rows].sum(axis=1) for rows in members])
    n_series = np.array([scored[:, rows].sum(axis=1) for rows in members], dtype=np.float64)
    scaled_mse = np.divide(total, n_obs, out=np.full(total.shape, np.nan), where=n_obs > 0)
    return ClassTable(classes, scaled_mse, n_series)


def select(
    sums: ErrorSums,
    demand_class: StringArray,
    table: ClassTable,
    min_obs: int,
    *,
    unjudged: BoolArray | None = None,
) -> Selection:
    """Choose a candidate for every series; ties go to the earlier candidate.

    A series goes by its own errors when it has `min_obs` scored days (twice that if its demand is
    sparse) and its best candidate either is its class's or clearly beats it: by 30 % and by more than
    four standard errors over the windows. Else its class decides, else all series: the first candidate,
    unless another saves 1 % of its error.

    sums: fields of [C, Wv, S], validation windows only; demand_class: [S].
    unjudged: [S], series so young that none like them was; they take the first candidate, not their class's.
    """
    own = _own_errors(sums)
    shared, by_class = _class_errors(demand_class, table)  # [C, S], [S]
    fallback = _class_choice(shared)
    if unjudged is not None:
        fallback, by_class = np.where(unjudged, 0, fallback), by_class & ~unjudged
    best = np.argmin(own, axis=0)
    needed = np.where(np.isin(demand_class, SPARSE_CLASSES), SPARSE_FACTOR * min_obs, min_obs)
    enough = (sums.n_obs.sum(axis=1).max(axis=0) >= needed) & np.isfinite(own.min(axis=0))
    by_series = enough & ((best == fallback) | _clearly_better(sums, own, best, fallback))
    chosen = np.where(by_series, best, fallback)
    level = np.where(by_series, "series", np.where(by_class, "class", "default"))
    runner_up, margin = _runner_up(np.where(by_series, own, shared), chosen)
    return Selection(chosen, runner_up, level, margin)


def _class_choice(shared: FloatArray) -> IntArray:
    """[S], the best candidate by errors [C, S], where it saves enough of the first one's; else the first."""
    best = np.argmin(shared, axis=0)
    least = shared[best, np.arange(shared.shape[1])]
    saves = least < (1.0 - CLASS_GAIN) * shared[0]
    choice: IntArray = np.where(saves, best, 0)
    return choice


def _own_errors(sums: ErrorSums) -> FloatArray:
    """[C, S], mean squared error over the windows; infinite where not scored on the days others were."""
    n_obs, sse = sums.n_obs.sum(axis=1), sums.sse.sum(axis=1)
    comparable = (n_obs > 0) & (n_obs == n_obs.max(axis=0))
    error: FloatArray = np.divide(sse, n_obs, out=np.full(sse.shape, np.inf), where=comparable)
    return error


def _class_errors(demand_class: StringArray, table: ClassTable) -> tuple[FloatArray, BoolArray]:
    """[C, S] errors of each series' class, or of all where the class is small; [S] whether its class's.

    Infinite where neither has enough series.
    """
    spoken = np.where(table.n_series >= MIN_CLASS_SERIES, table.scaled_mse, np.nan)
    usable = np.where(np.isnan(spoken), np.inf, spoken)  # [G, C]
    place = {name: row for row, name in enumerate(table.classes)}
    everyone = usable[place[ALL]] if ALL in place else np.full(usable.shape[1], np.inf)
    rows = np.vstack([usable, everyone])
    index = np.array([place.get(name, -1) for name in demand_class.tolist()], dtype=np.int64)
    by_class = np.isfinite(rows[index].min(axis=1)) & (index >= 0)
    return rows[np.where(by_class, index, -1)].T, by_class


def _clearly_better(sums: ErrorSums, own: FloatArray, best: IntArray, other: IntArray) -> BoolArray:
    """[S], whether `best` saves enough of the error of `other`, and steadily so over the windows."""
    series = np.arange(len(best))
    reference = own[other, series]
    with np.errstate(invalid="ignore"):
        gain = reference - own[best, series]
    n_obs = sums.n_obs[best, :, series]  # [S, W]
    scored = n_obs > 0
    difference = sums.sse[other, :, series] - sums.sse[best, :, series]
    per_window = np.divide(difference, n_obs, out=np.zeros_like(difference), where=scored)
    n_windows = scored.sum(axis=1)
    mean = per_window.sum(axis=1) / np.maximum(n_windows, 1)
    squares = np.where(scored, per_window - mean[:, np.newaxis], 0.0) ** 2
    standard_error = np.sqrt(squares.sum(axis=1) / np.maximum(n_windows * (n_windows - 1), 1))
    clear: BoolArray = np.isinf(reference) | (
        (gain > CLEAR_GAIN * reference) & (gain > CLEAR_ERRORS * standard_error)
    )
    return clear


def _runner_up(errors: FloatArray, chosen: IntArray) -> tuple[IntArray, FloatArray]:
    """The best candidate but the chosen one, [S], and the share of its error that the chosen one saves."""
    series = np.arange(len(chosen))
    others = errors.copy()
    others[chosen, series] = np.inf
    second = np.argmin(others, axis=0)
    theirs, ours = others[second, series], errors[chosen, series]
    there = np.isfinite(theirs)
    with np.errstate(invalid="ignore"):
        saved = np.divide(theirs - ours, theirs, out=np.zeros(len(chosen)), where=theirs > 0)
    return np.where(there, second, -1), np.where(there, saved, np.nan)
