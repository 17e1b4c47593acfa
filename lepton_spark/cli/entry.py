"""Where the command begins and ends: its arguments, its exit code, one clear line for each failure."""

import logging
import sys
import traceback
from collections.abc import Sequence

import typer

from lepton_spark.cli.commands import app
from lepton_spark.cli.options import DEBUG
from lepton_spark.cli.storage_faults import storage_fault
from lepton_spark.errors import LeptonError

INTERRUPTED = 130


def expand(arguments: Sequence[str]) -> list[str]:
    """`--conf a b` as `--conf a --conf b`."""
    expanded: list[str] = []
    in_conf = False
    for argument in arguments:
        if in_conf and not argument.startswith("-") and expanded[-1] != "--conf":
            expanded.append("--conf")
        elif argument.startswith("-"):
            in_conf = argument == "--conf"
        expanded.append(argument)
    return expanded


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0: done, 2: configuration, 3: gates, 4: refused files, 1: the rest."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    _log_to_stderr(debug=debug)
    command = typer.main.get_command(app)
    try:
        command.main(args=expand([argument for argument in given if argument != DEBUG]), prog_name="lepton")
    except SystemExit as ended:
        return _ended(ended)
    except LeptonError as fault:
        return _failed(fault, str(fault), fault.exit_code, debug=debug)
    except Exception as fault:  # noqa: BLE001 - the last resort of a command is one clear line
        said = storage_fault(fault) or f"{type(fault).__name__}: {_first_words(fault)}"
        words = f"{said}\nAdd {DEBUG} to see where."
        return _failed(fault, words, 1, debug=debug)
    return 0


def _ended(ended: SystemExit) -> int:
    code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if code == INTERRUPTED:
        typer.echo("interrupted; run it again, what was left half done is taken back first", err=True)
    return code


def _failed(fault: Exception, words: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(fault)
    typer.echo(f"lepton: {words}", err=True)
    return code


def _first_words(fault: Exception) -> str:
    """The first lines that say something; those of a Java trace do not."""
    lines = [line.strip() for line in str(fault).splitlines()]
    told = [line for line in lines if line and not line.startswith(("at ", "..."))]
    return " ".join(told[:2])[:300]


def _log_to_stderr(*, debug: bool) -> None:
    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.ERROR)
