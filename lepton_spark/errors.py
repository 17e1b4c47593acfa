"""Exceptions and their exit codes; messages give subject, found, allowed and remedy, in this order."""

from collections.abc import Sequence
from dataclasses import dataclass

from lepton_spark.language import Message, counted, shown

MAX_EXAMPLES = 5
"""Most examples that a message lists; the rest are only counted."""


class LeptonError(Exception):
    """An error that the user can act on; `exit_code` is the exit code of the command."""

    exit_code = 1

    def shown(self) -> str:
        """The message in the language of this process; `str` is English."""
        return str(shown(self.args[0])) if self.args else ""


class SetupError(LeptonError):
    """Something is missing on this machine: Java, a jar, a Python version, the network at first set-up."""


class InputError(LeptonError):
    """The data or the request does not fit the configuration."""


class BalanceError(LeptonError):
    """A count of lines or series does not add up; nothing is published."""


class GatesError(LeptonError):
    """A gate failed; what it guards was not written."""

    exit_code = 3


class FilesError(LeptonError):
    """Some files were refused; any others were processed."""

    exit_code = 4


class LeaseError(LeptonError):
    """Another job holds the lease of the warehouse."""

    exit_code = 5


class StaleError(LeptonError):
    """The newest sales are older than configured."""

    exit_code = 7


class LossError(LeptonError):
    """Too many delivered lines would be lost; they were not loaded."""

    exit_code = 6


@dataclass(frozen=True)
class Fault:
    """One invalid setting: its source and key, what was found, what is allowed."""

    source: str
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return str(self.message())

    def message(self) -> Message:
        """The fault in one line."""
        return Message(
            "{source}: {key}: found {found}; allowed: {allowed}",
            source=self.source,
            key=self.key,
            found=self.found,
            allowed=self.allowed,
        )


class ConfigError(LeptonError):
    """The configuration or the command line is wrong; nothing was written."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(faults) == 1 else "faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"the configuration has {len(faults)} {noun}; nothing was written:\n{lines}")

    def shown(self) -> str:
        """The faults in the language of this process."""
        head = counted(
            len(self.faults),
            "the configuration has {n} fault; nothing was written:",
            "the configuration has {n} faults; nothing was written:",
        )
        return "\n".join([head, *(f"  {fault.message().shown()}" for fault in self.faults)])


def explain(subject: str, found: str, allowed: str, remedy: str) -> Message:
    """An error message in the usual order; its parts are translated with it if they are messages.

    >>> explain("JAVA_HOME", "no bin/java", "Java 17 or newer", "Install a JDK.")
    'JAVA_HOME: found no bin/java; allowed: Java 17 or newer. Install a JDK.'
    """
    return Message(
        "{subject}: found {found}; allowed: {allowed}. {remedy}",
        subject=subject,
        found=found,
        allowed=allowed,
        remedy=remedy,
    )


def examples(values: Sequence[object]) -> str:
    """The first values, and how many more there are.

    >>> examples(list("abcdefg"))
    "'a', 'b', 'c', 'd', 'e' and 2 more"
    """
    shown = ", ".join(repr(value) for value in values[:MAX_EXAMPLES])
    more = len(values) - MAX_EXAMPLES
    return f"{shown} and {more} more" if more > 0 else shown


MAX_EXCEPTION_TEXT = 200
"""Longest text of an exception that is kept in a table."""


def exception_text(error: BaseException) -> str:
    """An exception as one short line for a table: `ValueError: too few rows`."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:MAX_EXCEPTION_TEXT]
