"""What a command prints, as text for notebooks."""

from collections.abc import Callable
from io import StringIO

from rich.console import Console

WIDTH = 110
"""Characters of a line."""


TextConsole = Console
"""For callers outside the rooms that print."""


def text_of(show: Callable[[Console], None]) -> str:
    """What `show` prints."""
    written = StringIO()
    show(Console(file=written, width=WIDTH))
    return written.getvalue()
