"""Exceptions are data: a batch that fails is worked series by series, one that fails alone says why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lepton_spark.models.local.isolated_process import words

Work = Callable[[pa.Table], pa.Table]
LastResort = Callable[[pa.Table, str], pa.Table]
"""Gives the one row of a series, and the reason in words, its place in the result; must not raise."""


@contextmanager
def at_work() -> Iterator[None]:
    """One thread for linear algebra; no warnings of overflow: what is not finite is looked for, as data."""
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield


def guarded(rows: pa.Table, work: Work, last_resort: LastResort) -> pa.Table:
    """The result of all series: together, or one by one when that raises, so that none harms another."""
    try:
        return work(rows)
    except Exception as error:  # noqa: BLE001  whatever it was, it becomes the row's reason
        if rows.num_rows == 1:
            return last_resort(rows, words(error))
    return one_by_one(rows, lambda row: guarded(row, work, last_resort))


def one_by_one(rows: pa.Table, work: Work) -> pa.Table:
    """The results of each series by itself."""
    return pa.concat_tables([work(rows.slice(place, 1)) for place in range(rows.num_rows)])
