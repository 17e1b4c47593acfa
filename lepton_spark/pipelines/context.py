"""How a pipeline tells whoever watches what it is doing."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Stage(Protocol):
    """A stage under way."""

    def note(self, words: str) -> None:
        """Says something that the stage found out."""


class Progress(Protocol):
    """Shows the stages of a job."""

    def stage(self, words: str) -> AbstractContextManager[Stage]:
        """Shows a stage for as long as the block lasts."""


class _Unheard:
    def note(self, words: str) -> None:
        """Forgets the note."""


class SilentProgress:
    """Shows nothing."""

    def stage(self, words: str) -> AbstractContextManager[Stage]:  # noqa: ARG002 - nobody looks
        """A stage that nobody sees."""
        return nullcontext(_Unheard())
