"""Difficult series among 2,000 healthy ones: each gets its forecasts, and harms no other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lepton_spark.config import Config, ForecastSettings, PanelSettings
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import ShareBatch, pools_by_day, with_trees
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainBatch, trees_by_day
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.panel.calendar import Calendar

N_HEALTHY, N_DAYS, HORIZON = 2_000, 200, 14
CUTOFF = 19_000
FIRST = CUTOFF - N_DAYS + 1
NAN, LARGEST = np.nan, np.finfo(float).max


@dataclass(frozen=True)
class Kind:
    """A difficult series: its days from its first one on, its id, and what is to be said of it."""

    days: list[float]
    said: tuple[str, str | None, int] | None = ("ok", None, 0)
    name: str | None = None
    first: int = FIRST


def _days(make: Callable[[int], float], n_days: int = N_DAYS) -> list[float]:
    return [make(day) for day in range(n_days)]


def _steady(day: int) -> float:
    return 3.0 + day % 7


NOT_FINITE = ("fallback", "no_finite_forecast", 1)
GONE = ("obsolete", "no_recent_sale", 0)
KINDS: dict[str, Kind] = {
    "one day": Kind([4.0], first=CUTOFF),
    "two days": Kind([4.0, 5.0], first=CUTOFF - 1),
    "all zeros": Kind([0.0] * N_DAYS, GONE),
    "constant": Kind([5.0] * N_DAYS),
    "a spike of 1e12": Kind(_days(lambda day: 1e12 if day == 60 else _steady(day))),
    "one spike and zeros": Kind(_days(lambda day: 1e12 if day == 60 else 0.0)),
    "near the float limit": Kind(_days(lambda day: LARGEST / (1 + day % 3)), NOT_FINITE),
    "near the float limit once": Kind(_days(lambda day: LARGEST if day == 90 else _steady(day)), None),
    "infinite": Kind(_days(lambda day: np.inf if day == 90 else _steady(day)), None),
    "denormal": Kind([5e-324] * N_DAYS, None),
    "negative": Kind(_days(lambda day: -_steady(day)), None),
    "all unknown": Kind([NAN] * N_DAYS, GONE),
    "only the last day known": Kind([7.0], first=CUTOFF),
    "a gap of two years": Kind(
        _days(lambda day: _steady(day) if day < 30 or day > 790 else NAN, 850), first=CUTOFF - 849
    ),
    "sold on one weekday only": Kind(_days(lambda day: 9.0 if day % 7 == 3 else 0.0)),
    "starts inside the windows": Kind(_days(_steady, 20), first=CUTOFF - 19),
    "ended long ago": Kind(
        _days(lambda day: _steady(day) if day < 60 else 0.0, 400),
        GONE,
        first=CUTOFF - 399,
    ),
    "ended a week ago": Kind(_days(lambda day: _steady(day) if day < N_DAYS - 7 else 0.0)),
    "fractions": Kind(_days(lambda day: 0.1 + day / 7.0)),
    "doubles each week": Kind(_days(lambda day: 2.0 ** (day // 7))),
    "of a century ago": Kind([3.0, *[NAN] * 40_000, 4.0], first=CUTOFF - 40_001),
    "an empty id": Kind(_days(_steady), name=""),
    "a long id": Kind(_days(_steady), name="x" * 3_000),
    "a Unicode id": Kind(_days(_steady), name="\u5546\u54c1\U0001f9c4\u0301\u200f"),
    "an id with quotes": Kind(_days(_steady), name="'\"`;--"),
    "an id with newlines": Kind(_days(_steady), name="a\nb\r\n\tc\x00d"),
    "an id that climbs": Kind(_days(_steady), name="../../etc/passwd"),
    "an id of SQL": Kind(_days(_steady), name="x' OR 1=1; DROP TABLE sales; --"),
}


def _rows(kinds: dict[str, Kind], n_healthy: int = N_HEALTHY) -> pa.Table:
    units = np.random.default_rng(7).poisson(4.0, (n_healthy, N_DAYS)).astype(np.float64)
    units[:, 0] += 1.0
    names = [f"healthy{n:04d}" for n in range(n_healthy)]
    named = [kind.name if kind.name is not None else key for key, kind in kinds.items()]
    days = [
        *units.tolist(),
        *([None if np.isnan(value) else value for value in kind.days] for kind in kinds.values()),
    ]
    n_rows = len(names) + len(named)
    return pa.table(
        {
            "batch": pa.array([0] * n_rows, type=pa.int32()),
            "product_id": [*names, *named],
            "location_id": ["all"] * n_rows,
            "first_day": pa.array(
                [FIRST] * n_healthy + [kind.first for kind in kinds.values()], type=pa.int32()
            ),
            "quantity": pa.array(days, type=pa.list_(pa.float64())),
        }
    )


def _settings(*models: str) -> FitSettings:
    calendar = Calendar({"all": np.arange(CUTOFF - 41_000, CUTOFF + 1)}, CUTOFF)
    config = Config(
        forecast=ForecastSettings(horizon=HORIZON, models=models), panel=PanelSettings(history_days=900)
    )
    return fit_settings(config, calendar)


def _fitted(rows: pa.Table, settings: FitSettings) -> dict[str, dict[str, Any]]:
    made = FitBatch(settings, no_class_table(len(settings.candidates)))(rows, ScoreBatch(settings)(rows))
    return {row["product_id"]: row for row in made.to_pylist()}


def _pooled(rows: pa.Table, settings: FitSettings) -> FitSettings:
    """The settings with pools and trees learnt from these rows."""
    pools = pools_by_day(ShareBatch(settings)(rows).to_pylist())
    trained = []
    for until in settings.training_days:
        days = pa.array([until] * rows.num_rows, type=pa.int32())
        trained += TrainBatch(settings)(rows.append_column("until", days)).to_pylist()
    assert {row["foretells"] for row in trained} == {"mean", "median", "linear"}
    return replace(settings, pools=with_trees(pools, trees_by_day(trained)))


def _moved(after: dict[str, Any], before: dict[str, Any]) -> np.ndarray:
    """By healthy series: how far its forecasts moved, over their mean."""
    names = [name for name in before if name.startswith("healthy")]
    old, new = (np.array([run[name]["forecast"] for name in names]) for run in (before, after))
    return np.abs(new - old).max(axis=1) / old.mean(axis=1)


@pytest.fixture(scope="module")
def per_product() -> tuple[dict[str, Any], dict[str, Any]]:
    """Without and with the difficult ones, by models that know one product each."""
    settings = _settings("ridge", "seasonal_window_average", "seasonal_naive", "mean")
    return _fitted(_rows({}), settings), _fitted(_rows(KINDS), settings)


@pytest.mark.parametrize("key", KINDS)
def test_each_gets_whole_forecasts_and_the_truth_is_said_of_it(
    per_product: tuple[dict[str, Any], ...], key: str
) -> None:
    kind = KINDS[key]
    row = per_product[1][key if kind.name is None else kind.name]
    values = np.array([row["forecast"], *row["quantiles"]])
    assert values.shape == (8, HORIZON)
    assert np.isfinite(values).all()
    assert values.min() >= 0.0
    assert (np.diff(values[1:], axis=0) >= 0).all()
    said = (row["status"], row["reason"], row["fallback_level"])
    assert (row["reason"] is None) == (row["status"] == "ok")
    assert (row["status"] == "fallback") == (row["fallback_level"] > 0)
    if kind.said is not None:
        assert said == kind.said


def test_healthy_series_are_untouched_by_models_of_one_product(
    per_product: tuple[dict[str, Any], ...],
) -> None:
    healthy, poisoned = per_product
    assert len(poisoned) == N_HEALTHY + len(KINDS)
    assert _moved(poisoned, healthy).max() < 1e-9


def test_healthy_series_move_little_by_what_is_pooled() -> None:
    settings = _settings("pooled", "shrunk_weekday")
    healthy, poisoned = _rows({}), _rows(KINDS)
    moved = _moved(
        _fitted(poisoned, _pooled(poisoned, settings)), _fitted(healthy, _pooled(healthy, settings))
    )
    assert np.median(moved) < 0.01  # 28 difficult series among 2,028: docs/reliability.md
    assert moved.max() < 0.10
    held = _pooled(healthy, settings)
    assert _moved(_fitted(poisoned, held), _fitted(healthy, held)).max() < 1e-9
