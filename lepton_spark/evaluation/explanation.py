"""The parts of the published forecasts of a batch: a usual day, and what the model adds to it."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES, REMAINDER

USUAL_DAYS = 364
"""Days up to the cutoff whose mean is the usual day; 52 weeks hold each weekday and season once."""

ROUNDING = 1e-12
"""Share of the sizes of all parts up to which a difference is rounding, and not a remainder."""

LARGEST = 1e300
"""Parts whose sizes add up to more are not given: the sum with a remainder might overflow."""


@dataclass(frozen=True)
class Explanation:
    """Base and parts whose sum is the forecast.

    base: [S], units of a usual column. parts: [S, G, H], units, in the order of `NAMES`; all finite.
    """

    base: FloatArray
    parts: FloatArray


def usual_level(history: History) -> FloatArray:
    """[S], mean units of the known columns of the last 364 days, outliers damped.

    0 if none is known, or if their sum is near the float limit.
    """
    recent = slice(max(history.n_days - USUAL_DAYS // history.period, 0), None)
    with np.errstate(over="ignore", invalid="ignore"):
        sold = np.sum(history.filled_damped[:, recent], axis=1)
        level = sold / np.maximum(np.sum(history.known_weight[:, recent], axis=1), 1.0)
    return np.where(level < LARGEST, level, 0.0)


def explanation_of(base: FloatArray, parts: FloatArray, forecast: FloatArray) -> Explanation:
    """The explanation of published forecasts [S, H] by the parts [G, S, H] of the models behind them.

    The remainder is what was done to the models' forecasts: negative ones raised to 0, closed days, priors.
    It is everything where parts are unknown or too large, as for obsolete series, which have no model.

    base: [S].
    """
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.abs(parts).sum(axis=0) + np.abs(base)[:, np.newaxis]
        is_finite = size < LARGEST
        finite, size = np.where(is_finite, parts, 0.0), np.where(is_finite, size, 0.0)
        rest = forecast - base[:, np.newaxis] - finite.sum(axis=0)
    finite[NAMES.index(REMAINDER)] += np.where(np.abs(rest) <= ROUNDING * size, 0.0, rest)
    return Explanation(base, np.ascontiguousarray(finite.transpose(1, 0, 2)))
