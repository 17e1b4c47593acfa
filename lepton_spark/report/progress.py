"""Progress for people: one line for each stage, with its results and its seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console

Timer = Callable[[], float]
"""Returns seconds from some fixed point in time."""


@dataclass
class Notes:
    """The results of a stage, in their order."""

    texts: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Adds a result to the stage's line."""
        self.texts.append(text)


class ConsoleProgress:
    """Prints a line when a stage ends; on a terminal a spinner shows while it runs."""

    def __init__(self, console: Console, timer: Timer) -> None:
        self._console = console
        self._timer = timer

    @contextmanager
    def stage(self, title: str) -> Iterator[Notes]:
        """Prints the stage's title, results and seconds when the block ends, or that it failed."""
        started = self._timer()
        notes = Notes()
        outcome = "failed"
        try:
            with self._console.status(title) if self._console.is_terminal else nullcontext():
                yield notes
            outcome = ", ".join(notes.texts)
        finally:
            line = f"{title}: {outcome}" if outcome else title
            seconds = self._timer() - started
            self._console.print(f"{line} ({seconds:.1f} s)", markup=False, highlight=False, soft_wrap=True)


def notebook_progress() -> ConsoleProgress:
    """Progress on stderr, so that it is not mixed with results."""
    return ConsoleProgress(Console(stderr=True), time.monotonic)
