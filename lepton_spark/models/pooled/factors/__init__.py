"""Factors of single days that all series share, and the tuple that lists them."""

from lepton_spark.models.pooled.factors.events import EventFactor
from lepton_spark.models.pooled.factors.protocol import PoolFactor
from lepton_spark.models.pooled.factors.year_weeks import YearWeekFactor

SEASONS: tuple[PoolFactor, ...] = (YearWeekFactor(),)
"""Factors of the weekday forecast, in the order in which they are multiplied."""

EVENTS = EventFactor()
"""The factor by which `WithEvents` multiplies the forecasts of other models too."""

FACTORS: tuple[PoolFactor, ...] = (*SEASONS, EVENTS)
"""All pool factors, columns of the table `pools`."""

__all__ = ["EVENTS", "FACTORS", "SEASONS", "PoolFactor"]
