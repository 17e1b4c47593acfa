"""Measures of the whole shop in a period, beside those of earlier periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np

from lepton_spark.monitoring.unusual import Earlier, Judgement, judged
from lepton_spark.panel.calendar import EPOCH, DayVolume
from lepton_spark.tables.schemas.monitoring_tables import OK, UNKNOWN

N_PERIODS_BEFORE = 4
"""Periods before that the volume is compared with."""

LARGEST_LOG = 700.0
"""Bound of logarithms, so that all values are finite."""


@dataclass(frozen=True)
class Measure:
    """words: what the value is. is_ratio: compared by its logarithm. least_deviation: of what is compared.

    largest: the value that it cannot exceed.
    """

    words: str
    is_ratio: bool
    least_deviation: float
    largest: float = np.inf

    def compared(self, value: float | None) -> float:
        """The value as it is compared; NaN where unknown."""
        if value is None or np.isinf(value):
            return np.nan
        if not self.is_ratio:
            return value
        return float(np.log(value)) if value > 0.0 else np.nan

    def shown(self, compared: float) -> float:
        """The inverse of `compared`, as a value that the measure can have."""
        if self.is_ratio:
            return float(np.exp(np.clip(compared, -LARGEST_LOG, LARGEST_LOG)))
        return min(max(compared, 0.0), self.largest)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "variance": Measure("the spread of sales around the forecasts is {} of what they expect", True, 0.02),
        "coverage": Measure("{} of the days are within p10 to p90", False, 0.005, 1.0),
        "mix": Measure(
            "{} of the units were sold in other categories, or demand classes, than forecast",
            False,
            0.005,
            1.0,
        ),
        "fallbacks": Measure("{} of the series have no fitted model", False, 0.005, 1.0),
        "volume": Measure("a day has {} of the lines of the four periods before", True, 0.02),
        "revision": Measure("forecasts of the same days changed by {} since the run before", False, 0.005),
    }
)
"""Measures by name; `{}` is the value in per cent."""


def mix(segments: Sequence[Mapping[str, Any]]) -> float | None:
    """Share of the units that were sold in other categories than forecast; None without sales.

    By demand class where there are no categories. segments: rows of `monitoring`.
    """
    has_categories = any(row["segment"].startswith("category=") for row in segments)
    dimension = "category=" if has_categories else "demand_class="
    parts = [row for row in segments if row["segment"].startswith(dimension) and row["actual"] is not None]
    units = np.array([(row["actual"], row["forecast"]) for row in parts]).reshape(-1, 2)
    totals = units.sum(axis=0)
    if not np.isfinite(totals).all() or (totals <= 0.0).any():
        return None
    actual, forecast = (units / totals).T
    return float(0.5 * np.abs(actual - forecast).sum())


def volume(volumes: Sequence[DayVolume], last_day: date, n_days: int) -> float | None:
    """Lines of a delivered day over the median of those of four periods before; None where one has none."""
    last = (last_day - EPOCH).days
    day = np.array([one.day for one in volumes])
    lines = np.array([one.lines for one in volumes], dtype=np.float64)
    periods_back = (last - day) // n_days
    rates = []
    for period in range(N_PERIODS_BEFORE + 1):
        inside = periods_back == period
        if not inside.any():
            return None
        rates.append(lines[inside].sum() / len(np.unique(day[inside])))
    usual = float(np.median(rates[1:]))
    return float(rates[0] / usual) if usual > 0.0 else None


def health_rows(
    values: Mapping[str, float | None],
    earlier: Mapping[str, Sequence[tuple[float | None, str, date | None]]],
    day: date,
    false_share: float,
) -> list[dict[str, object]]:
    """One row for each measure. earlier: value, state and since of each, the latest last."""
    found = judged(
        {name: MEASURES[name].compared(value) for name, value in values.items()},
        {
            name: [Earlier(MEASURES[name].compared(value), state, since) for value, state, since in rows]
            for name, rows in earlier.items()
        },
        day,
        {name: measure.least_deviation for name, measure in MEASURES.items()},
        false_share,
    )
    return [_row(name, values[name], judgement) for name, judgement in found.items()]


def _row(name: str, value: float | None, found: Judgement) -> dict[str, object]:
    measure = MEASURES[name]
    known = not np.isnan(found.p_value)
    bounds = (measure.shown(found.low), measure.shown(found.high)) if known else (None, None)
    return {
        "measure": name,
        "value": None if value is None or np.isinf(value) else value,
        "low": bounds[0],
        "high": bounds[1],
        "p_value": found.p_value if known else None,
        "state": found.state,
        "since": found.since,
        "reason": _words(measure, value, bounds, found.state),
    }


def _words(
    measure: Measure, value: float | None, bounds: tuple[float | None, float | None], state: str
) -> str | None:
    if state == OK:
        return None
    if state == UNKNOWN:
        return "it cannot be measured in this period, or too few earlier periods to judge by"
    low, high = bounds
    return f"{measure.words.format(f'{value:.1%}')}; {low:.1%} to {high:.1%} is usual"
