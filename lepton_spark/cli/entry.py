"""The entry point: parses arguments, runs a command, and turns a failure into one line and an exit code."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from lepton_spark.cli.commands import app
from lepton_spark.cli.failures.failure_words import shown_words
from lepton_spark.cli.failures.interrupts import AFTER_INTERRUPT
from lepton_spark.cli.language.help import translate_help
from lepton_spark.cli.language.option import chosen_language
from lepton_spark.cli.options import DEBUG
from lepton_spark.errors import LeptonError
from lepton_spark.language import ENGLISH, use_language
from lepton_spark.language import translated as _
from lepton_spark.operations.log_file import log_file, without_log_file

INTERRUPTED = 130
log = logging.getLogger(__name__)


YAML = (".yaml", ".yml")


def expand(arguments: Sequence[str], *, has_arguments: bool = False) -> list[str]:
    """Repeats `--conf` before each of its files.

    has_arguments: whether the command takes arguments of its own; after the first file only names of YAML
    files are then taken for files.

    >>> expand(["run", "--conf", "a", "b"])
    ['run', '--conf', 'a', '--conf', 'b']
    >>> expand(["show", "--conf", "a.yaml", "b.yaml", "milk"], has_arguments=True)
    ['show', '--conf', 'a.yaml', '--conf', 'b.yaml', 'milk']
    """
    expanded: list[str] = []
    in_conf = False
    for argument in arguments:
        if in_conf and not argument.startswith("-") and expanded[-1] != "--conf":
            in_conf = argument.endswith(YAML) or not has_arguments
            expanded += ["--conf"] if in_conf else []
        elif argument.startswith("-"):
            in_conf = argument == "--conf"
        expanded.append(argument)
    return expanded


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code.

    0: success, 1: other errors, 2: configuration, 3: gates, 4: refused files, 5: lease, 6: lost lines,
    7: old sales, 130: interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    _log_to_stderr(debug=debug)
    use_language(ENGLISH)
    try:
        rest, path = without_log_file([argument for argument in given if argument != DEBUG])
        rest, language = chosen_language(rest, os.environ)
        use_language(language)
        with log_file(path):
            code = _run(rest, debug=debug)
            log.info("exit code %d", code, extra={"exit_code": code})
    except LeptonError as fault:
        return _failed(fault, shown_words(fault), fault.exit_code, debug=debug)
    return code


def _run(arguments: Sequence[str], *, debug: bool) -> int:
    group = typer.main.get_group(app)
    translate_help(group)
    expanded = expand(arguments, has_arguments=_has_arguments(group, arguments))
    try:
        group.main(args=expanded, prog_name="lepton")
    except SystemExit as requested:
        return _exit_code(requested)
    except LeptonError as fault:
        return _failed(fault, shown_words(fault), fault.exit_code, debug=debug)
    except Exception as fault:  # noqa: BLE001 - the last resort of a command is one clear line
        return _failed(fault, f"{shown_words(fault)}\n{_('Add --debug to see where.')}", 1, debug=debug)
    return 0


def _has_arguments(group: TyperGroup, arguments: Sequence[str]) -> bool:
    """Whether the command takes a product, a run or the like, which follows no option."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    command = group.commands.get(name)
    return command is not None and any(found.param_type_name == "argument" for found in command.params)


def _exit_code(requested: SystemExit) -> int:
    code = requested.code if isinstance(requested.code, int) else int(requested.code is not None)
    if code == INTERRUPTED:
        typer.echo(_("interrupted; run it again: the incomplete load is rolled back first"), err=True)
    return code


def _failed(fault: Exception, message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(fault)
    log.error(message, exc_info=None if isinstance(fault, LeptonError) else fault)
    typer.echo(f"lepton: {message}", err=True)
    return code


def _log_to_stderr(*, debug: bool) -> None:
    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_not_echoed)
        if not debug:
            handler.addFilter(AFTER_INTERRUPT)


def _not_echoed(record: logging.LogRecord) -> bool:
    """False for the records of this module: their messages are printed anyway."""
    return record.name != __name__
