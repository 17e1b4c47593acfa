"""The help of commands in the language of the process; typer reads it before a language is chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from lepton_spark.language import translated


class Command(Protocol):
    """A command, or a group of commands, of typer."""

    help: str | None
    epilog: str | None

    @property
    def params(self) -> Sequence[Any]:
        """Its options and arguments."""


def translate_help(command: Command) -> None:
    """Replaces the help of a command, its options and its commands below by their translations."""
    for part in _with_help(command):
        part.help = _with_spaces(translated(part.help))
    command.epilog = translated(command.epilog or "")


def _with_spaces(text: str) -> str:
    """A space after each full-width sign: typer breaks lines at spaces, and cuts off the rest."""
    return re.sub("([，；。：、])(?=.)", r"\1 ", text)


def help_texts(command: Command) -> Iterator[str]:
    """The English help of a command, its options and its commands below, to be collected."""
    yield from (part.help for part in _with_help(command))
    yield from filter(None, [command.epilog])


def _with_help(command: Command) -> Iterator[Any]:
    """The command, its options and its commands below, as far as they have a help."""
    yield from (part for part in (command, *command.params) if getattr(part, "help", None))
    below: Mapping[str, Command] = getattr(command, "commands", {})
    for one in below.values():
        yield from _with_help(one)
