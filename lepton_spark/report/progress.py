"""What a person sees while a job runs: one line a stage, with what it found and its seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console

Timer = Callable[[], float]
"""Seconds from some fixed point."""


@dataclass
class Notes:
    """What a stage found out, in its order."""

    words: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Keeps the note for the stage's line."""
        self.words.append(words)


class ConsoleProgress:
    """One line when a stage ends; on a terminal a spinner before it."""

    def __init__(self, console: Console, timer: Timer) -> None:
        self._console = console
        self._timer = timer

    @contextmanager
    def stage(self, words: str) -> Iterator[Notes]:
        """Prints the stage, its notes and its seconds once it is done; a failed one as failed."""
        begun = self._timer()
        notes = Notes()
        outcome = "failed"
        try:
            with self._console.status(words) if self._console.is_terminal else nullcontext():
                yield notes
            outcome = ", ".join(notes.words)
        finally:
            said = f"{words}: {outcome}" if outcome else words
            seconds = self._timer() - begun
            self._console.print(f"{said} ({seconds:.1f} s)", markup=False, highlight=False, soft_wrap=True)
