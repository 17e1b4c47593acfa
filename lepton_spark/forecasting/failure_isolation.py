"""Exceptions as data: a batch that raises is processed series by series, a failing series gets a reason."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lepton_spark.errors import exception_text
from lepton_spark.forecasting.packing import single
from lepton_spark.panel.dense import PackedBatch

Work = Callable[[PackedBatch], pd.DataFrame]
LastResort = Callable[[PackedBatch, str], pd.DataFrame]
"""Returns the rows of a single series given the reason of its failure; must not raise."""


@contextmanager
def worker_limits() -> Iterator[None]:
    """One thread for linear algebra; no floating point warnings, as results are checked for finiteness."""
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield


def guarded(packed: PackedBatch, work: Work, last_resort: LastResort) -> pd.DataFrame:
    """The rows of all series; if the batch raises, of each series by itself, so that none affects another."""
    try:
        return work(packed)
    except Exception as error:  # noqa: BLE001  any exception becomes the series' reason
        if len(packed.product_ids) == 1:
            return last_resort(packed, exception_text(error))
    return one_by_one(packed, lambda part: guarded(part, work, last_resort))


def one_by_one(packed: PackedBatch, work: Work) -> pd.DataFrame:
    """The rows of each series processed by itself."""
    parts = [work(single(packed, position)) for position in range(len(packed.product_ids))]
    return pd.concat(parts, ignore_index=True)
