"""The error tree: every message says subject, what was found, what is allowed, and the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_EXAMPLES = 5
"""How many examples of one kind a message carries; the rest are counted."""


class LeptonError(Exception):
    """What a person can act upon; `exit_code` is what the command ends with."""

    exit_code = 1


class SetupError(LeptonError):
    """The machine lacks something: Java, a jar, a Python version, the network at first set-up."""


class InputError(LeptonError):
    """The data cannot be worked with as configured."""


class BalanceError(LeptonError):
    """Lines read do not equal lines accounted for; nothing may be published."""


class GatesError(LeptonError):
    """A gate was not passed; what it guards was not written."""

    exit_code = 3


class FilesError(LeptonError):
    """Files were refused, and nothing else is there to work with."""

    exit_code = 4


class LeaseError(LeptonError):
    """Another job is at work on the tables."""

    exit_code = 5


@dataclass(frozen=True)
class Fault:
    """One fault of the configuration: where it stands, what was found, what is allowed."""

    source: str
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: found {self.found}; allowed: {self.allowed}"


class ConfigError(LeptonError):
    """Every fault of a configuration at once; nothing was written."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(faults) == 1 else "faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"the configuration has {len(faults)} {noun}; nothing was written:\n{lines}")


def explain(subject: str, found: str, allowed: str, remedy: str) -> str:
    """One message in the house's order: subject, found, allowed, remedy."""
    return f"{subject}: found {found}; allowed: {allowed}. {remedy}"


def examples(values: Sequence[object]) -> str:
    """The first few values and how many more there are, so that a message stays readable."""
    shown = ", ".join(repr(value) for value in values[:MAX_EXAMPLES])
    more = len(values) - MAX_EXAMPLES
    return f"{shown} and {more} more" if more > 0 else shown


MAX_EXCEPTION_TEXT = 200
"""Longest text of an exception that is kept in a table."""


def exception_text(error: BaseException) -> str:
    """An exception as one short line for a table: `ValueError: too few rows`."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:MAX_EXCEPTION_TEXT]
