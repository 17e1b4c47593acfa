"""Whether a figure of a period is unusual after those of earlier periods."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import stats

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.monitoring.drift import bin_of, limit_of
from lepton_spark.tables.schemas.monitoring_tables import ALARM, OK, UNKNOWN, WATCH

N_EARLIER, MIN_EARLIER = 26, 8
"""Earlier periods that a figure is compared with, and fewest of them."""

ALARM_BELOW, WATCHED_BELOW = 0.001, 0.01
"""P-values of an alarm and of a figure worth a look. A weekly figure has a false alarm in about 19 years."""


@dataclass(frozen=True)
class Earlier:
    """A figure of an earlier period; since: the last day of the period in which its state began."""

    value: float
    state: str
    since: date | None


@dataclass(frozen=True)
class Judgement:
    """A figure beside the plausible values [low, high], NaN where too little is known; since: None if ok."""

    value: float
    low: float
    high: float
    p_value: float
    state: str
    since: date | None


def judged(
    values: Mapping[str, float],
    earlier: Mapping[str, Sequence[Earlier]],
    day: date,
    least_deviation: Mapping[str, float],
    false_share: float,
) -> dict[str, Judgement]:
    """The state of each figure. Of the alarms a share of at most `false_share` is expected to be false.

    values: by name, NaN where unknown. earlier: of each name, the latest last. day: the last one of the
    period. least_deviation: standard deviation of each figure that is taken as the least one.
    """
    ranges = {
        name: _range(value, _baseline(earlier.get(name, ())), least_deviation[name])
        for name, value in values.items()
    }
    known = np.array([p_value for _, _, p_value in ranges.values() if not np.isnan(p_value)])
    bins, counts = np.unique(bin_of(np.maximum(known, np.finfo(float).tiny)), return_counts=True)
    limit = min(ALARM_BELOW, limit_of(dict(zip(bins.tolist(), counts.tolist(), strict=True)), false_share))
    return {
        name: _judgement(value, ranges[name], limit, earlier.get(name, ()), day)
        for name, value in values.items()
    }


def _baseline(earlier: Sequence[Earlier]) -> FloatArray:
    """[N], the figures of earlier periods that were no alarms; after eight alarms in a row, these."""
    known = [one for one in earlier if not np.isnan(one.value)]
    recent = known[-MIN_EARLIER:]
    lasts = all(one.state == ALARM for one in recent)
    kept = recent if lasts else [one for one in known if one.state != ALARM]
    return np.array([one.value for one in kept[-N_EARLIER:]])


def _range(value: float, baseline: FloatArray, least_deviation: float) -> tuple[float, float, float]:
    """The plausible values, and the two-sided probability of one as far from the mean as this.

    Source: the prediction interval of one further value of a normal distribution (Hahn and Meeker 1991,
    Statistical Intervals, chapter 4).
    """
    n = len(baseline)
    if n < MIN_EARLIER or np.isnan(value):
        return np.nan, np.nan, np.nan
    mean = float(np.mean(baseline))
    deviation = max(float(np.std(baseline, ddof=1)), least_deviation) * math.sqrt(1.0 + 1.0 / n)
    reach = deviation * float(stats.t.isf(WATCHED_BELOW / 2.0, n - 1))
    p_value = 2.0 * stats.t.sf(abs(value - mean) / deviation, n - 1)
    return mean - reach, mean + reach, float(p_value)


def _judgement(
    value: float, plausible: tuple[float, float, float], limit: float, earlier: Sequence[Earlier], day: date
) -> Judgement:
    low, high, p_value = plausible
    if np.isnan(p_value):
        return Judgement(value, low, high, p_value, UNKNOWN, None)
    state = ALARM if p_value <= limit else WATCH if p_value <= WATCHED_BELOW else OK
    if state == OK:
        return Judgement(value, low, high, p_value, OK, None)
    last = earlier[-1]
    lasts = last.state in (ALARM, WATCH) and last.since is not None
    return Judgement(value, low, high, p_value, state, last.since if lasts else day)
