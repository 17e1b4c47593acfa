"""Calls that run at the same time."""

from threading import Barrier

import pytest

from lepton_spark.pipelines.overlap import overlap


def test_calls_run_at_the_same_time() -> None:
    together = Barrier(3, timeout=10)
    overlap([lambda: _wait(together)] * 3)
    assert not together.broken


def test_first_failure_in_order_is_raised_after_all_calls_have_ended() -> None:
    ended: list[str] = []
    late = Barrier(2, timeout=10)

    def fail_late() -> None:
        _wait(late)
        ended.append("late")
        raise ValueError("first in order")

    def fail_early() -> None:
        ended.append("early")
        try:
            raise KeyError("first in time")
        finally:
            _wait(late)

    with pytest.raises(ValueError, match="first in order"):
        overlap([fail_late, fail_early, lambda: ended.append("last")])
    assert sorted(ended) == ["early", "last", "late"]


def _wait(barrier: Barrier) -> None:
    barrier.wait()
