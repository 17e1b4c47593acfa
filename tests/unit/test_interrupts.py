import logging
import os
import signal
from collections.abc import Iterator

import pytest

from lepton_spark.cli.failures.interrupts import AfterInterrupt


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """Signals that a handler like PySpark's was called for."""
    signals: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGINT, before)


def record(path: str) -> logging.LogRecord:
    return logging.LogRecord("root", logging.ERROR, path, 1, "Exception while sending command.", None, None)


def test_records_of_py4j_are_dropped_after_an_interrupt_only(handled: list[int]) -> None:
    shown = AfterInterrupt()
    shown.watch()
    shown.watch()
    assert shown.filter(record("/site-packages/py4j/java_gateway.py"))

    os.kill(os.getpid(), signal.SIGINT)

    assert handled == [signal.SIGINT]
    assert not shown.filter(record("/site-packages/py4j/java_gateway.py"))
    assert shown.filter(record("/site-packages/lepton_spark/cli/job.py"))
