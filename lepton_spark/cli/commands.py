"""All commands; importing their modules adds them to the application, in the order of the help."""

from lepton_spark.cli import export_command, init_command, job_commands, planner_commands, upkeep_commands
from lepton_spark.cli.app import app

__all__ = ["app", "export_command", "init_command", "job_commands", "planner_commands", "upkeep_commands"]
