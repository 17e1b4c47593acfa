"""The Python interface: forecasts of data frames and runs over tables, for notebooks and programs."""

from lepton_spark.api.forecasts import Forecast, forecast

__all__ = ["Forecast", "forecast"]
