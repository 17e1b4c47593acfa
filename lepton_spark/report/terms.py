"""Terms of the field in words, shown where they appear in tables and summaries."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lepton_spark.language import later
from lepton_spark.language import translated as _

TERMS: Mapping[str, str] = MappingProxyType(
    {
        "rmsse": later(
            "root mean squared scaled error: the error divided by the usual change from one "
            "day to the next before the forecast; lower is better, and products of any size "
            "can be compared"
        ),
        "wape": later(
            "weighted absolute percentage error: units missed, over units sold; above 100 % "
            "is normal for products that sell on few days"
        ),
        "mase": later("mean absolute scaled error: as rmsse, of absolute instead of squared errors"),
        "bias": later("units forecast less units sold, over units sold; above 0, too much was forecast"),
        "value_added": later(
            "how much lower the rmsse is than that of seasonal naive, which repeats the last "
            "week; below 0, repeating the last week would have been better"
        ),
        "demand_class": later(
            "smooth: sells on most days, in similar amounts; erratic: on most days, in "
            "varying amounts; intermittent: on few days, in similar amounts; lumpy: on few "
            "days, in varying amounts; new: too short a history; obsolete: no sale for a long "
            "time, forecast 0"
        ),
        "margin": later(
            "how clearly the model won: 0.05 means that the second best had a 5 % larger "
            "error; near 0 either would do"
        ),
        "valid_until": later(
            "rely on these forecasts until this day, whichever day is forecast; after it, "
            "order by a newer run only"
        ),
        "cutoff": later("last day of sales that the forecast is based on"),
        "p90": later(
            "quantile of one day: with a probability of 90 %, at most so many units are sold; "
            "the quantiles of several days must not be added"
        ),
    }
)
"""What each term means, by column name. The entry of `p90` explains every quantile column."""

WHERE_EXPLAINED = later("What these words mean: lepton tables metrics_summary; lepton tables models")
"""The commands that print these meanings, for the end of a page that uses the terms."""


def terms_among(names: Iterable[str]) -> Mapping[str, str]:
    """The terms that are explained, in the order of the names."""
    return {name: _(TERMS[name]) for name in names if name in TERMS}


CLASSES = (
    later("smooth"),
    later("intermittent"),
    later("erratic"),
    later("lumpy"),
    later("new"),
    later("obsolete"),
)
STATES = (
    later("alarm"),
    later("watch"),
    later("closed"),
    later("outage"),
    later("out of stock"),
    later("rejected"),
    later("late"),
    later("unknown"),
    later("ok"),
)
PARTS = (
    later("level"),
    later("trend"),
    later("weekday"),
    later("season"),
    later("events"),
    later("promotion"),
    later("price"),
    later("similar products"),
    later("model"),
    later("other"),
    later("remainder"),
)
"""The names of the parts of a forecast, as they head a table or colour a chart."""

STATUSES = (later("short history"), later("fallback"))


def class_name(demand_class: str) -> str:
    """A demand class in the reader's language; anything else as it is.

    >>> class_name("lumpy")
    'lumpy'
    """
    return _(demand_class) if demand_class in CLASSES else demand_class


def state_name(state: str) -> str:
    """A state of monitoring, or a status of a series, in the reader's language.

    >>> state_name("out_of_stock")
    'out of stock'
    """
    words = state.replace("_", " ")
    return _(words) if words in {*STATES, *STATUSES, "obsolete"} else words
