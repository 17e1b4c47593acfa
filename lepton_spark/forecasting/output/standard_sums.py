"""Errors of the standard portfolio's choice for the series of segments, summed by segment in the workers."""

import numpy as np
import pandas as pd

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.windows import Role
from lepton_spark.forecasting.output.sums import SCALED_SUMS, SUMS
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.panel.ordered_sum import ordered_sums
from lepton_spark.tables.schemas.error_tables import STANDARD

STANDARD_SUMS = "standard_sums"
"""Column of fitted rows: `ErrorSums` as a list, null for series in no segment. It is not written."""


def with_standard(rows: pd.DataFrame, sums: ErrorSums, places: IntArray) -> pd.DataFrame:
    """The rows with the error sums of the standard choice; places: of the series that they belong to."""
    lists: list[FloatArray | None] = [None] * len(rows)
    columns = np.stack([getattr(sums, name) for name in ErrorSums.names()], axis=1)
    for place, values in zip(places.tolist(), columns, strict=True):
        lists[place] = values
    return rows.assign(**{STANDARD_SUMS: pd.Series(lists, dtype=object)})


def standard_sums(rows: pd.DataFrame, segments: pd.Series, naive: FloatArray) -> list[dict[str, object]]:
    """The sums of each segment on the test window, as rows of `metric_sums`.

    segments: [S], names; None = in no segment. naive: [S], scaled squared errors of seasonal naive on the
    days of the chosen model, NaN where it was not scored on them.
    """
    lists = rows[STANDARD_SUMS]
    scored = np.flatnonzero([isinstance(values, np.ndarray) and values[0] > 0 for values in lists])
    if not scored.size:
        return []
    columns = np.stack([lists.iloc[row] for row in scored.tolist()])
    found = ErrorSums(*columns.T)
    has_scale = found.n_scaled > 0
    paired = has_scale & ~np.isnan(naive[scored])
    values = {
        "n_obs": found.n_obs,
        "n_scaled": found.n_scaled,
        **{name: getattr(found, name) for name in SUMS},
        **{name: np.where(has_scale, getattr(found, name), np.nan) for name in SCALED_SUMS},
        "paired_scaled_sse": np.where(paired, found.scaled_sse, np.nan),
        "baseline_scaled_sse": np.where(paired, naive[scored], np.nan),
    }
    codes, names = pd.factorize(segments.iloc[scored])
    total = ordered_sums(np.stack(list(values.values())), codes[:, np.newaxis], len(names))
    n_series = np.bincount(codes, minlength=len(names))
    return [
        {
            "segment": name,
            "model": STANDARD,
            "split": Role.TEST.value,
            "n_series": int(n_series[place]),
            **{
                key: None if np.isnan(value) else value
                for key, value in zip(values, total[:, place].tolist(), strict=True)
            },
        }
        for place, name in enumerate(names)
    ]
