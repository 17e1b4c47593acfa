"""Error sums as list columns: one list over windows for each sum."""

import numpy as np

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.forecasting.packing import rows_of

SUMS = ("sse", "abs_error", "sum_error", "sum_actual")
SCALED_SUMS = ("scaled_sse", "scaled_abs_error")
"""Null where a series has no scale."""

SUM_COLUMNS = ("n_obs", *SUMS, *SCALED_SUMS)
SUM_TYPES = "n_obs ARRAY<BIGINT>, " + ", ".join(f"{name} ARRAY<DOUBLE>" for name in (*SUMS, *SCALED_SUMS))


def sum_arrays(sums: ErrorSums) -> dict[str, list[object]]:
    """The sums [N, W] as list columns; scaled ones are NaN, hence null in tables, without a scale."""
    has_scale = (sums.n_scaled > 0) | (sums.n_obs == 0)
    return {
        "n_obs": rows_of(sums.n_obs.astype(np.int64)),
        **{name: rows_of(getattr(sums, name)) for name in SUMS},
        **{name: rows_of(np.where(has_scale, getattr(sums, name), np.nan)) for name in SCALED_SUMS},
    }
