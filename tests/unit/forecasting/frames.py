"""Packed rows as pandas hands them to the UDFs, and both passes over them without Spark."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lepton_spark.config import Config
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import PoolSample, pools_by_day
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainSample, trees_by_day
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.pooled.regressors.trees import PooledTrees
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings, TrainingSettings
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.calendar import Calendar

CUTOFF = 19_001  # a Sunday
BATCH = 3
N_DAYS = 200
QUICK_TRAINING = PooledSettings(
    training=TrainingSettings(
        n_bags=2,
        min_weeks=100,
        mean=BoostingSettings(10, 4, 20, 0.1),
        median=BoostingSettings(10, 4, 50, 0.1),
    )
)
"""A small training, for tests in which the quality of the trees does not matter."""


def packed_rows(
    units: Sequence[Sequence[float]] | np.ndarray, first_day: int | Sequence[int] | None = None
) -> pd.DataFrame:
    """One row per series p00, p01, ..., each from its first day on; by default all end with the cutoff."""
    quantity = [np.asarray(row, dtype=np.float64) for row in units]
    if first_day is None:
        first_day = [CUTOFF + 1 - len(row) for row in quantity]
    return pd.DataFrame(
        {
            "batch": BATCH,
            "product_id": [f"p{number:02d}" for number in range(len(quantity))],
            "location_id": "all",
            "first_day": first_day,
            "quantity": quantity,
        }
    )


def with_lists(rows: pd.DataFrame, **lists: Mapping[str, list[float]]) -> pd.DataFrame:
    """The rows, shuffled with further ones that hold lists of covariates of some products."""
    covariates = [
        pd.DataFrame(
            {
                "batch": BATCH,
                "product_id": list(by_product),
                "location_id": "all",
                name: [np.array(values, dtype=np.float64) for values in by_product.values()],
            }
        )
        for name, by_product in lists.items()
    ]
    together = pd.concat([*covariates, rows], ignore_index=True).astype(object)
    together = together.where(together.notna(), None).astype({"batch": np.int32, "first_day": np.float64})
    return together.sample(frac=1.0, random_state=3).reset_index(drop=True)


def fit_rows_of(rows: pd.DataFrame, settings: FitSettings, errors: ClassErrors | None = None) -> pd.DataFrame:
    """Both passes; without class errors, no class decides."""
    errors = errors or ClassErrors.none(len(settings.evaluation.candidates))
    return FitBatch(settings, errors)(rows, ScoreBatch(settings)(rows))


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """One mapping per row."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def assert_same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal to the bit, in the same order; NaN equals NaN."""
    assert one.columns.tolist() == other.columns.tolist()
    assert one.index.tolist() == other.index.tolist()
    different = [name for name in one.columns if _plain(list(one[name])) != _plain(list(other[name]))]
    assert different == []


def _plain(value: Any) -> Any:
    """Nested lists, with each single value as text: that of a double is exact."""
    if isinstance(value, np.ndarray | list):
        return [_plain(part) for part in value]
    return repr(value.item() if isinstance(value, np.generic) else value)


def by_window(row: Mapping[str, Any], name: str, n_windows: int) -> np.ndarray:
    """[3, W], a list of sums of a row of `fits` by role (chosen, runner-up, seasonal naive) and window."""
    return np.array(row[name], dtype=np.float64).reshape(3, n_windows)


def random_units(n_series: int, n_days: int = N_DAYS) -> np.ndarray:
    """[S, T], whole units, at least 1 on each day."""
    return np.random.default_rng(7).poisson(4.0, (n_series, n_days)).astype(np.float64) + 1.0


def daily_settings(n_days: int = N_DAYS, **config: Any) -> FitSettings:
    """The default configuration, with changes, for one location that delivered on each of its days."""
    calendar = Calendar({"all": np.arange(CUTOFF - n_days + 1, CUTOFF + 1)}, CUTOFF)
    return fit_settings(Config.model_validate(config), calendar)


def with_candidates(settings: FitSettings, *candidates: Candidate) -> FitSettings:
    return replace(settings, evaluation=replace(settings.evaluation, candidates=candidates))


def pools_of(rows: pd.DataFrame, settings: FitSettings) -> Pools:
    """What the rows of the sample teach, without trees."""
    return pools_by_day(records(PoolSample(settings)(rows)), settings.pooled)


def trees_of(rows: pd.DataFrame, settings: FitSettings, *until: int) -> dict[int, PooledTrees]:
    """Trees trained on the rows of the sample up to each of some days."""
    trained = [TrainSample(settings)(rows.assign(until=day)) for day in until]
    return dict(trees_by_day([row for part in trained for row in records(part)]))
