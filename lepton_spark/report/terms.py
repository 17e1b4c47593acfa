"""Terms of the field in words, shown where they appear in tables and summaries."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

TERMS: Mapping[str, str] = MappingProxyType(
    {
        "rmsse": "root mean squared scaled error: the error divided by the usual change from one "
        "day to the next before the forecast; lower is better, and products of any size "
        "can be compared",
        "wape": "weighted absolute percentage error: units missed, over units sold; above 100 % "
        "is normal for products that sell on few days",
        "mase": "mean absolute scaled error: as rmsse, of absolute instead of squared errors",
        "bias": "units forecast less units sold, over units sold; above 0, too much was forecast",
        "value_added": "how much lower the rmsse is than that of seasonal naive, which repeats the last "
        "week; below 0, repeating the last week would have been better",
        "demand_class": "smooth: sells on most days, in similar amounts; erratic: on most days, in "
        "varying amounts; intermittent: on few days, in similar amounts; lumpy: on few "
        "days, in varying amounts; new: too short a history; obsolete: no sale for a long "
        "time, forecast 0",
        "margin": "how clearly the model won: 0.05 means that the second best had a 5 % larger "
        "error; near 0 either would do",
        "valid_until": "rely on these forecasts until this day, whichever day is forecast; after it, "
        "order by a newer run only",
        "cutoff": "last day of sales that the forecast is based on",
        "p90": "quantile of one day: with a probability of 90 %, at most so many units are sold; "
        "the quantiles of several days must not be added",
    }
)
"""What each term means, by column name. The entry of `p90` explains every quantile column."""

WHERE_EXPLAINED = "What these words mean: lepton tables metrics_summary; lepton tables models"
"""The commands that print these meanings, for the end of a page that uses the terms."""


def terms_among(names: Iterable[str]) -> Mapping[str, str]:
    """The terms that are explained, in the order of the names."""
    return {name: TERMS[name] for name in names if name in TERMS}
