"""The `lepton` command: the jobs, for people and for spark-submit alike."""

from lepton_spark.cli.entry import main

__all__ = ["main"]
