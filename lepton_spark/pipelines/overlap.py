"""Runs independent writes at the same time, so that the tasks of one fill the pauses of the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def overlap(calls: Sequence[Callable[[], None]]) -> None:
    """Runs every call in a thread of its own, and returns when all have ended.

    Raises: what the first of the failed calls raised, in the order given.
    """
    with ThreadPoolExecutor(len(calls)) as threads:
        running = [threads.submit(call) for call in calls]
    for call in running:
        call.result()
