"""A failure in words for a user."""

from lepton_spark.cli.failures.storage_faults import storage_fault
from lepton_spark.errors import LeptonError
from lepton_spark.language import shown


def failure_words(fault: Exception) -> str:
    """The message of an error that the user can act on; of any other, its type and first lines."""
    if isinstance(fault, LeptonError):
        return str(fault)
    return storage_fault(fault) or f"{type(fault).__name__}: {_first_lines(fault)}"


def shown_words(fault: Exception) -> str:
    """The same in the language of this process."""
    return fault.shown() if isinstance(fault, LeptonError) else str(shown(failure_words(fault)))


def _first_lines(fault: Exception) -> str:
    """The first two lines of the message, without those of a Java stack trace."""
    lines = [line.strip() for line in str(fault).splitlines()]
    message = [line for line in lines if line and not line.startswith(("at ", "..."))]
    return " ".join(message[:2])[:300]
