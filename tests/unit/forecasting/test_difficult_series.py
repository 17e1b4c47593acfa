"""Difficult series among 2,000 healthy ones: each gets its forecasts and affects no other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lepton_spark.config import Config, ForecastSettings, PanelSettings
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.calendar import Calendar
from tests.unit.forecasting.frames import (
    CUTOFF,
    N_DAYS,
    QUICK_TRAINING,
    fit_rows_of,
    packed_rows,
    pools_of,
    records,
    trees_of,
)

N_HEALTHY, HORIZON = 2_000, 14
NAN, LARGEST = np.nan, np.finfo(float).max


@dataclass(frozen=True)
class Kind:
    """A difficult series: its days up to the cutoff, the expected status, reason and fallback, and its id."""

    days: list[float]
    outcome: tuple[str, str | None, int] | None = ("ok", None, 0)
    name: str | None = None


def _days(make: Callable[[int], float], n_days: int = N_DAYS) -> list[float]:
    return [make(day) for day in range(n_days)]


def _steady(day: int) -> float:
    return 3.0 + day % 7


NOT_FINITE = ("fallback", "no_finite_forecast", 1)
OBSOLETE = ("obsolete", "no_recent_sale", 0)


def _short(n_known: int) -> tuple[str, str, int]:
    return "short_history", f"too_few_known_days_to_judge: {n_known} known, the backtest needs 28", 0


KINDS: dict[str, Kind] = {
    "one day": Kind([4.0], _short(1)),
    "two days": Kind([4.0, 5.0], _short(2)),
    "all zeros": Kind([0.0] * N_DAYS, OBSOLETE),
    "constant": Kind([5.0] * N_DAYS),
    "a spike of 1e12": Kind(_days(lambda day: 1e12 if day == 60 else _steady(day))),
    "one spike and zeros": Kind(_days(lambda day: 1e12 if day == 60 else 0.0)),
    "near the float limit": Kind(_days(lambda day: LARGEST / (1 + day % 3)), NOT_FINITE),
    "near the float limit once": Kind(_days(lambda day: LARGEST if day == 90 else _steady(day)), None),
    "infinite": Kind(_days(lambda day: np.inf if day == 90 else _steady(day)), None),
    "denormal": Kind([5e-324] * N_DAYS, None),
    "negative": Kind(_days(lambda day: -_steady(day)), None),
    "all unknown": Kind([NAN] * N_DAYS, OBSOLETE),
    "only the last day known": Kind([7.0], _short(1)),
    "a gap of two years": Kind(_days(lambda day: _steady(day) if day < 30 or day > 790 else NAN, 850)),
    "sold on one weekday only": Kind(_days(lambda day: 9.0 if day % 7 == 3 else 0.0)),
    "starts inside the windows": Kind(_days(_steady, 20), _short(20)),
    "ended long ago": Kind(_days(lambda day: _steady(day) if day < 60 else 0.0, 400), OBSOLETE),
    "ended a week ago": Kind(_days(lambda day: _steady(day) if day < N_DAYS - 7 else 0.0)),
    "fractions": Kind(_days(lambda day: 0.1 + day / 7.0)),
    "doubles each week": Kind(_days(lambda day: 2.0 ** (day // 7))),
    "of a century ago": Kind([3.0, *[NAN] * 40_000, 4.0]),
    "an empty id": Kind(_days(_steady), name=""),
    "a long id": Kind(_days(_steady), name="x" * 3_000),
    "a Unicode id": Kind(_days(_steady), name="\u5546\u54c1\U0001f9c4\u0301\u200f"),
    "an id with quotes": Kind(_days(_steady), name="'\"`;--"),
    "an id with newlines": Kind(_days(_steady), name="a\nb\r\n\tc\x00d"),
    "an id that climbs": Kind(_days(_steady), name="../../etc/passwd"),
    "an id of SQL": Kind(_days(_steady), name="x' OR 1=1; DROP TABLE sales; --"),
}


def _rows(kinds: dict[str, Kind]) -> pd.DataFrame:
    units = np.random.default_rng(7).poisson(4.0, (N_HEALTHY, N_DAYS)).astype(np.float64)
    units[:, 0] += 1.0
    names = [f"healthy{number:04d}" for number in range(N_HEALTHY)]
    names += [key if kind.name is None else kind.name for key, kind in kinds.items()]
    days = [*units, *(kind.days for kind in kinds.values())]
    return packed_rows(days).assign(batch=0, product_id=names)


def _settings(*models: str) -> FitSettings:
    calendar = Calendar({"all": np.arange(CUTOFF - 41_000, CUTOFF + 1)}, CUTOFF)
    config = Config(
        forecast=ForecastSettings(horizon=HORIZON, models=models), panel=PanelSettings(history_days=900)
    )
    return fit_settings(config, calendar)


def _fitted(rows: pd.DataFrame, settings: FitSettings) -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in records(fit_rows_of(rows, settings))}


def _pooled(rows: pd.DataFrame, settings: FitSettings) -> FitSettings:
    """The settings with pools and trees learned from these rows."""
    pools = pools_of(rows, settings)
    if settings.uses_trees:
        trees = trees_of(rows, settings, *settings.training_days)
        assert list(trees) == settings.training_days
        assert all(trained.median and trained.regression for trained in trees.values())
        pools = with_trees(pools, trees)
    return replace(settings, pools=pools)


def _moved(after: dict[str, Any], before: dict[str, Any]) -> np.ndarray:
    """For each healthy series, the largest change of a forecast over their mean."""
    names = [name for name in before if name.startswith("healthy")]
    old, new = (np.array([run[name]["forecast"] for name in names]) for run in (before, after))
    return np.abs(new - old).max(axis=1) / old.mean(axis=1)


@pytest.fixture(scope="module")
def local() -> tuple[dict[str, Any], dict[str, Any]]:
    """Forecasts without and with the difficult series, by models that look at one series at a time."""
    settings = _settings("ridge", "seasonal_window_average", "seasonal_naive", "mean")
    return _fitted(_rows({}), settings), _fitted(_rows(KINDS), settings)


@pytest.mark.parametrize("key", KINDS)
def test_difficult_series_gets_finite_forecasts_and_its_outcome(
    local: tuple[dict[str, Any], ...], key: str
) -> None:
    kind = KINDS[key]
    row = local[1][key if kind.name is None else kind.name]
    values = np.array([row["forecast"], *row["quantiles"]])
    assert values.shape == (8, HORIZON)
    assert np.isfinite(values).all()
    assert values.min() >= 0.0
    assert (np.diff(values[1:], axis=0) >= 0).all()
    assert (row["reason"] is None) == (row["status"] == "ok")
    assert (row["status"] == "fallback") == (row["fallback_level"] > 0)
    if kind.outcome is not None:
        assert (row["status"], row["reason"], row["fallback_level"]) == kind.outcome


def test_difficult_series_do_not_change_local_forecasts_of_others(local: tuple[dict[str, Any], ...]) -> None:
    without, with_difficult = local
    assert len(with_difficult) == N_HEALTHY + len(KINDS)
    assert _moved(with_difficult, without).max() < 1e-9


def test_difficult_series_change_no_forecast_of_others_made_with_the_same_pool() -> None:
    settings = replace(_settings("pooled"), pooled=QUICK_TRAINING)
    healthy = _rows({})
    shared = _pooled(healthy, settings)
    assert _moved(_fitted(_rows(KINDS), shared), _fitted(healthy, shared)).max() < 1e-9


@pytest.mark.parametrize(
    "models",
    [
        pytest.param(("shrunk_weekday",), id="statistics"),
        pytest.param(("pooled", "shrunk_weekday"), id="statistics and trees", marks=pytest.mark.slow),
    ],
)
def test_difficult_series_in_the_pool_change_forecasts_of_others_little(models: tuple[str, ...]) -> None:
    settings = _settings(*models)
    healthy, difficult = (_fitted(rows, _pooled(rows, settings)) for rows in (_rows({}), _rows(KINDS)))
    moved = _moved(difficult, healthy)
    assert np.median(moved) < 0.01  # 28 difficult series among 2,028: docs/reliability.md
    assert moved.max() < 0.10
