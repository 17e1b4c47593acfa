"""The Python interface: forecasts of data frames and runs over tables, for notebooks and programs."""

from lepton_spark.api.backtests import Backtest, backtest
from lepton_spark.api.charts import Chart, plot
from lepton_spark.api.forecasts import Forecast, forecast
from lepton_spark.api.inspections import Inspection, inspect
from lepton_spark.api.runs import Run, run

__all__ = [
    "Backtest",
    "Chart",
    "Forecast",
    "Inspection",
    "Run",
    "backtest",
    "forecast",
    "inspect",
    "plot",
    "run",
]
