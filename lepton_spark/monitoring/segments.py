"""States of segments: whether they sold unusually more or less than forecast, or sold nothing at all."""

from collections.abc import Mapping

import numpy as np

from lepton_spark.monitoring.location_days import Interruption
from lepton_spark.monitoring.unusual import Judgement
from lepton_spark.tables.schemas.monitoring_tables import OK, UNKNOWN

LEAST_DEVIATION = 0.01
"""Of the logarithm of units sold over units forecast."""

STATE_SCHEMA = "segment STRING, p_value DOUBLE, state STRING, since DATE, reason STRING"


def level(forecast: float | None, actual: float | None) -> float:
    """Logarithm of units sold over units forecast; NaN unless both are above 0."""
    if not forecast or not actual or min(forecast, actual) <= 0.0 or np.isinf(forecast) or np.isinf(actual):
        return np.nan
    return float(np.log(actual / forecast))


def state_rows(
    judgements: Mapping[str, Judgement], interruptions: Mapping[str, Interruption]
) -> list[tuple[object, ...]]:
    """One row for each segment, by STATE_SCHEMA; an interruption, by segment, comes before a judgement."""
    rows: list[tuple[object, ...]] = []
    for segment, found in sorted(judgements.items()):
        p_value = None if np.isnan(found.p_value) else found.p_value
        broken = interruptions.get(segment)
        if broken is not None:
            rows.append((segment, p_value, broken.state, broken.since, broken.reason))
        else:
            rows.append((segment, p_value, found.state, found.since, _words(found)))
    return rows


def _words(found: Judgement) -> str | None:
    """Such as `sold 23 % less than forecast; after earlier periods -10 % to +8 % is usual`."""
    if found.state == OK:
        return None
    if found.state == UNKNOWN:
        return "nothing sold, nothing forecast, or too few earlier periods to judge by"
    change = np.expm1(found.value)
    direction = "more" if change > 0.0 else "less"
    low, high = np.expm1(found.low), np.expm1(found.high)
    usual = f"after earlier periods {low:+.0%} to {high:+.0%} is usual"
    return f"sold {abs(change):.0%} {direction} than forecast; {usual}"
