"""What a person sees while a job runs: one line a stage, with what it found and its seconds."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console

Timer = Callable[[], float]
"""Seconds from some fixed point."""


class Stage(Protocol):
    """A stage under way."""

    def note(self, words: str) -> None:
        """Says something that the stage found out."""


class Progress(Protocol):
    """Shows the stages of a job."""

    def stage(self, words: str) -> AbstractContextManager[Stage]:
        """Shows a stage for as long as the block lasts."""


@dataclass
class Notes:
    """Notes in their order."""

    words: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Keeps the note."""
        self.words.append(words)


class SilentProgress:
    """Shows nothing."""

    def stage(self, words: str) -> AbstractContextManager[Stage]:  # noqa: ARG002 - nobody looks
        """A stage that nobody sees."""
        return nullcontext(Notes())


class ConsoleProgress:
    """One line when a stage ends; on a terminal a spinner before it."""

    def __init__(self, console: Console, timer: Timer) -> None:
        self._console = console
        self._timer = timer

    @contextmanager
    def stage(self, words: str) -> Iterator[Stage]:
        """Prints the stage, its notes and its seconds once it is done; a failed one as failed."""
        begun = self._timer()
        notes = Notes()
        outcome = "failed"
        try:
            with self._console.status(words) if self._console.is_terminal else nullcontext():
                yield notes
            outcome = ", ".join(notes.words)
        finally:
            seconds = self._timer() - begun
            said = f"{words}: {outcome}" if outcome else words
            self._console.print(f"{said} ({seconds:.1f} s)", markup=False, highlight=False, soft_wrap=True)
