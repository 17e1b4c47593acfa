"""Ctrl-C without the tracebacks that py4j logs for the calls to Java that it ends."""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

_LOGGED_BY = "/py4j/"
"""Part of the path of the modules whose log records are dropped after an interrupt."""


class AfterInterrupt(logging.Filter):
    """Drops the log records of py4j once the command has been interrupted."""

    def __init__(self) -> None:
        super().__init__()
        self._interrupted = False
        self._present: Callable[[int, FrameType | None], object] = signal.default_int_handler

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        return not (self._interrupted and _LOGGED_BY in record.pathname)

    def watch(self) -> None:
        """Notes Ctrl-C, then calls the present handler; call this again after a session has set its own."""
        present = signal.getsignal(signal.SIGINT)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and callable(present) and present != self._note:
            self._present = present
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        self._present(number, frame)


AFTER_INTERRUPT = AfterInterrupt()
"""One for the process, whose signal handlers it shares."""
