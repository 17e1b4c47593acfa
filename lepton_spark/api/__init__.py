"""The Python interface: forecasts of data frames and runs over tables, for notebooks and programs."""

from lepton_spark.api.backtests import Backtest as Backtest
from lepton_spark.api.backtests import backtest as backtest
from lepton_spark.api.charts import Chart as Chart
from lepton_spark.api.charts import plot as plot
from lepton_spark.api.forecasts import Forecast as Forecast
from lepton_spark.api.forecasts import forecast as forecast
from lepton_spark.api.inspections import Inspection as Inspection
from lepton_spark.api.inspections import inspect as inspect
from lepton_spark.api.runs import Run as Run
from lepton_spark.api.runs import run as run
