"""lepton_spark: daily sales forecasts for every product, in batches on Spark, into Delta tables."""

from typing import TYPE_CHECKING

from lepton_spark.version import __version__ as __version__

if TYPE_CHECKING:
    from lepton_spark.api import (
        Backtest,
        Chart,
        Forecast,
        Inspection,
        Run,
        backtest,
        forecast,
        inspect,
        plot,
        run,
    )


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


def __getattr__(name: str) -> object:
    """The Python interface, imported when it is used: Spark's workers import this package without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lepton_spark import api  # noqa: PLC0415

    return getattr(api, name)
