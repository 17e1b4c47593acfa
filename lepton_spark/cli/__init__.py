"""The `lepton` command, for the command line and for spark-submit."""

from lepton_spark.cli.entry import main

__all__ = ["main"]
