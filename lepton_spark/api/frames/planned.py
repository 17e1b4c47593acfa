"""Planned promotions from data frames: measures by series and day, past ones and those of `future`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.typed_columns import codes, days, numbers
from lepton_spark.config.sections.inputs.covariate_settings import MAX_MEASURES
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.forecasting.packing import KEY
from lepton_spark.ingest.lines.reading.values import ALL_LOCATIONS
from lepton_spark.panel.calendar import epoch_day
from lepton_spark.panel.dense import PLAN
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN


def measures_of(future: Sequence[str], columns: Columns, found: Sequence[str]) -> tuple[str, ...]:
    """The measures in a frame of future days: its columns beside the key and the date.

    found: columns of the sales. Raises: InputError unless the sales have the same measures, 1 to 4.
    """
    missing = [name for name in (*columns.key, columns.date) if name not in future]
    measures = tuple(name for name in future if name not in {*columns.key, columns.date, columns.quantity})
    if missing or not 0 < len(measures) <= MAX_MEASURES:
        found_here = f"no column {examples(missing)}" if missing else f"{len(measures)} measures"
        allowed = (
            f"{examples([*columns.key, columns.date])} and 1 to {MAX_MEASURES} measures, such as promotion"
        )
        raise InputError(explain("future", found_here, allowed, "Rename or drop its columns."))
    unknown = [name for name in measures if name not in found]
    if unknown:
        remedy = "Without the past values of a measure nobody knows what it does."
        raise InputError(
            explain("data frame", f"no column {examples(unknown)}", "the measures of future", remedy)
        )
    return measures


def planned_days(
    frames: Sequence[pd.DataFrame], columns: Columns, measures: Sequence[str], zone: str
) -> pd.DataFrame:
    """product_id, location_id, day (epoch) and the measures of each day on which one is above 0.

    Raises: InputError for a measure that is not from 0 to 1.
    """
    parts = [_planned(frame.reset_index(drop=True), columns, measures, zone) for frame in frames]
    return pd.concat(parts, ignore_index=True)


def _planned(frame: pd.DataFrame, columns: Columns, measures: Sequence[str], zone: str) -> pd.DataFrame:
    values = {name: numbers(frame[name]) for name in measures}
    for name, column in values.items():
        outside = frame.loc[~column.between(0, 1), name]
        if len(outside):
            found = f"{len(outside):,} values such as {outside.iloc[0]}"
            raise InputError(
                explain(f"column {name!r}", found, "numbers from 0 to 1", "Fill or scale them first.")
            )
    rows = pd.DataFrame(
        {
            KEY[0]: codes(frame[columns.product]),
            KEY[1]: ALL_LOCATIONS if columns.location is None else codes(frame[columns.location]),
            "day": days(frame[columns.date], zone),
            **{f"measure_{place}": column for place, column in enumerate(values.values())},
        }
    )
    named = rows.dropna()
    return named[(named.iloc[:, len(KEY) + 1 :] > 0).any(axis=1)].astype({"day": np.int64})


def plan_lists(planned: pd.DataFrame) -> pd.DataFrame:
    """One row per series, with the list `plan` of `panel.covariates`: each day is a plan of one day."""
    known = np.full(len(planned), epoch_day(ALWAYS_KNOWN))
    measures = planned.iloc[:, len(KEY) + 1 :].to_numpy(dtype=np.float64)
    values = np.column_stack([planned["day"], planned["day"], known, measures]).astype(np.float64)
    order = np.lexsort((*values.T[::-1], planned[KEY[1]], planned[KEY[0]]))
    keys = planned[KEY].iloc[order]
    begin = np.flatnonzero(~keys.duplicated().to_numpy())
    lists = [part.ravel() for part in np.split(values[order], begin[1:])] if len(order) else []
    return keys.iloc[begin].reset_index(drop=True).assign(**{PLAN: pd.Series(lists, dtype=object)})
