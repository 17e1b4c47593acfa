"""The application that the commands belong to."""

from contextvars import ContextVar
from typing import Annotated

import typer

from lepton_spark.cli.options import DEBUG
from lepton_spark.version import __version__

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily sales forecasts for every product of a catalogue, from raw files to Delta tables.",
    epilog=f"Add {DEBUG} to any command to see the traceback of a failure.",
)


_COMMAND: ContextVar[str] = ContextVar("command", default="")


def command_name() -> str:
    """The command that runs, such as `run`; empty outside one."""
    return _COMMAND.get()


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Prints the version."""
    _COMMAND.set(context.invoked_subcommand or "")
    if version:
        typer.echo(f"lepton_spark {__version__}")
        raise typer.Exit
