"""Intervals of a day's sales and the quantiles that bound them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lepton_spark.errors import InputError, explain

INTERVALS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {50: ("p25", "p75"), 80: ("p10", "p90"), 90: ("p05", "p95")}
)
"""The quantiles that bound the middle so many per cent of a day's sales."""


def interval_columns(levels: Sequence[int]) -> list[str]:
    """The quantiles that bound the intervals. Raises: InputError for a level that is not kept."""
    unknown = [level for level in levels if level not in INTERVALS]
    if unknown or not levels:
        allowed = f"some of {', '.join(map(str, INTERVALS))} per cent"
        raise InputError(explain("levels", f"{unknown or 'none'}", allowed, "p10 and p90 are level 80."))
    names = {name for level in levels for name in INTERVALS[level]}
    return sorted(names)
