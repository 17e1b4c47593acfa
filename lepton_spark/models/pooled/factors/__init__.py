"""Factors of single days that all series share, and the tuple that lists them."""

from lepton_spark.models.pooled.factors.holidays import HolidayFactor
from lepton_spark.models.pooled.factors.protocol import PoolFactor
from lepton_spark.models.pooled.factors.year_weeks import YearWeekFactor

HOLIDAYS = HolidayFactor()
FACTORS: tuple[PoolFactor, ...] = (YearWeekFactor(), HOLIDAYS)
"""All pool factors, in the order in which they are multiplied."""

__all__ = ["FACTORS", "HOLIDAYS", "PoolFactor"]
