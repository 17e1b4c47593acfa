"""Sums of a batch by segment, against sums taken one observation at a time."""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.forecasting.output.partial_sums import BASELINE_SUMS, SUM_NAMES, with_partial_sums
from lepton_spark.panel.ordered_sum import ordered_sums
from tests.unit.forecasting.frames import daily_settings, fit_rows_of, packed_rows, random_units, with_lists

NAN = np.nan
WINDOWS = plan_windows(horizon=2, n_validation=2, stride=2)
N_SERIES, HORIZON = 40, 3
PLAIN = ("sse", "abs_error", "sum_error", "sum_actual", "scaled_sse", "scaled_abs_error")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Series of which some are not scored, have no scale, or chose seasonal naive."""
    chance = np.random.default_rng(5)
    n_obs = chance.integers(0, 3, (N_SERIES, 3, 3))  # role, window: test first
    n_obs[:, 1] = 2
    sums = {name: chance.lognormal(0.0, 4.0, n_obs.shape) for name in PLAIN}
    sums["sum_error"] *= chance.choice([-1.0, 1.0], n_obs.shape)
    no_scale = np.arange(N_SERIES) % 7 == 0
    for name in ("scaled_sse", "scaled_abs_error"):
        sums[name][no_scale] = NAN
    quantile = {name: chance.lognormal(size=n_obs.shape) for name in ("pinball_sum", "covered_sum")}
    for values in quantile.values():
        values[:, :, 1:] = NAN
    lists = {"n_obs": n_obs, **sums, **quantile}
    frame = pd.DataFrame({name: list(values.reshape(N_SERIES, -1)) for name, values in lists.items()})
    for name in frame:
        frame.at[3, name] = np.zeros(0)  # its batch failed, so that it has no backtest
    chosen = np.array(["mean", "ridge", "seasonal_naive"], dtype=object)
    return frame.assign(
        chosen=chosen[chance.integers(0, 3, N_SERIES)],
        forecast=list(chance.lognormal(0.0, 4.0, (N_SERIES, HORIZON))),
        kind=[None if row % 5 == 0 else f"k{row % 3}" for row in range(N_SERIES)],
    )


def _observations(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], int, dict[str, float]]]:
    """Key of a sum, row and values, for each scored window and each segment and model it counts for."""
    for number, row in enumerate(rows.to_dict("records")):
        if not len(row["n_obs"]):
            continue
        lists = {
            name: np.reshape(row[name], (3, 3)) for name in ("n_obs", *PLAIN, "pinball_sum", "covered_sum")
        }
        for role, window in np.argwhere(lists["n_obs"] > 0):
            if role == 1:
                continue
            values = {name: float(found[role, window]) for name, found in lists.items()}
            naive = {name: float(found[2, window]) for name, found in lists.items()}
            has_scale = not np.isnan(values["scaled_sse"])
            paired = has_scale and naive["n_obs"] == values["n_obs"]
            values["n_scaled"] = values["n_obs"] if has_scale else 0.0
            values["n_quantile_obs"] = values["n_obs"] if window == 0 else NAN
            values["paired_scaled_sse"] = values["scaled_sse"] if paired else NAN
            values["baseline_scaled_sse"] = naive["scaled_sse"] if paired else NAN
            own = [] if row["chosen"] == "seasonal_naive" else [row["chosen"]]
            for model in ["seasonal_naive"] if role == 2 else ["chosen", *own]:
                for segment in ["all", *([] if row["kind"] is None else [f"kind={row['kind']}"])]:
                    yield (segment, model, "test" if window == 0 else "validation"), number, values


def _added(values: list[float]) -> float | None:
    known = sorted(value for value in values if not np.isnan(value))
    return reduce(lambda total, value: total + value, known, 0.0) if known else None


def test_metric_sums_are_those_of_single_observations_in_ascending_order(rows: pd.DataFrame) -> None:
    made = with_partial_sums(rows, WINDOWS, {"kind": rows["kind"]})
    assert made["metric_sums"].isna().tolist() == [False] + [True] * (N_SERIES - 1)
    groups: dict[tuple[str, str, str], list[tuple[int, dict[str, float]]]] = {}
    for key, number, values in _observations(rows):
        groups.setdefault(key, []).append((number, values))
    expected = {
        key: {
            "n_series": len({number for number, _ in members}),
            **{
                name: _added([values[name] for _, values in members]) for name in (*SUM_NAMES, *BASELINE_SUMS)
            },
        }
        for key, members in groups.items()
    }
    names = ("segment", "model", "split")
    found = {tuple(item[name] for name in names): item for item in made["metric_sums"][0]}
    assert len(found) == len(made["metric_sums"][0])
    assert {
        key: {name: item[name] for name in item if name not in names} for key, item in found.items()
    } == expected


def test_group_sums_are_those_of_single_forecasts_in_ascending_order(rows: pd.DataFrame) -> None:
    made = with_partial_sums(rows, WINDOWS, {"kind": rows["kind"]})
    found = {item["segment"]: item for item in made["group_sums"][0]}
    assert found.keys() == {"all", "kind=k0", "kind=k1", "kind=k2"}
    for segment, item in found.items():
        mine = rows if segment == "all" else rows[rows["kind"] == segment.removeprefix("kind=")]
        assert item["n_series"] == len(mine)
        steps = zip(*(values.tolist() for values in mine["forecast"]), strict=True)
        assert item["forecast"].tolist() == [_added(list(values)) for values in steps]


def test_sums_do_not_depend_on_the_order_of_series(rows: pd.DataFrame) -> None:
    def sums(frame: pd.DataFrame) -> list[dict[str, Any]]:
        made = with_partial_sums(frame, WINDOWS, {"kind": frame["kind"]})
        return sorted(
            made["metric_sums"][0], key=lambda item: (item["segment"], item["model"], item["split"])
        )

    assert sums(rows.sample(frac=1.0, random_state=2).reset_index(drop=True)) == sums(rows)


def test_sums_of_series_without_backtest_are_empty(rows: pd.DataFrame) -> None:
    made = with_partial_sums(rows[3:4].reset_index(drop=True), WINDOWS, {})
    assert made["metric_sums"][0] == []
    assert [item["n_series"] for item in made["group_sums"][0]] == [1]


def test_fit_batch_sums_by_class_location_and_category() -> None:
    settings = daily_settings(forecast={"models": ["mean"]}, backtest={"validation_windows": 0})
    rows = with_lists(packed_rows(random_units(3)), plan={})
    lists = pd.DataFrame({"batch": 3, "product_id": ["p01"], "location_id": "all", "category": "fruit"})
    (sums, *_) = fit_rows_of(pd.concat([lists, rows]), settings)["group_sums"]
    assert {item["segment"]: item["n_series"] for item in sums} == {
        "all": 3, "demand_class=smooth": 3, "category=fruit": 1,
    }  # fmt: skip


def test_ordered_sums_leave_out_nan_and_never_cancel_infinity() -> None:
    values = np.array([1e16, 1.0, -1e16, NAN, np.inf, -np.inf, NAN])
    groups = np.array([[0, 3], [0, -1], [0, -1], [0, 1], [2, -1], [2, -1], [1, -1]])
    (total,) = ordered_sums(values[np.newaxis], groups, 5)
    assert total.tolist()[:1] == [((-1e16 + 1.0) + 1e16)] == [0.0]
    np.testing.assert_array_equal(total[1:], [NAN, np.inf, 1e16, NAN])
