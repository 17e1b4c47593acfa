from datetime import UTC, date, datetime
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from catalogue import COLUMNS, EMPIRICAL, class_rows, latest_run, scored_days


def test_latest_run_is_the_complete_one_that_started_last(tmp_path: Path) -> None:
    started = [datetime(2026, 11, day, tzinfo=UTC) for day in (5, 3, 9, 7)]
    run_ids = ["second", "first", "another cutoff", "unfinished"]
    states = ["complete", "complete", "complete", "running"]
    runs = pa.table({"run_id": run_ids, "started_at": started, "state": states})
    deltalake.write_deltalake(str(tmp_path / "runs"), runs)
    assert latest_run(tmp_path, ["second", "first", "unfinished"]) == "second"
    with pytest.raises(SystemExit, match="no complete run of this cutoff"):
        latest_run(tmp_path, ["unfinished"])


def test_each_location_is_compared_with_its_own_sales(tmp_path: Path) -> None:
    cutoff, ahead = date(2026, 11, 1), date(2026, 11, 2)
    key = {"product_id": ["a", "a"], "location_id": ["north", "south"]}
    forecasts = {
        "run_id": ["r", "r"],
        **key,
        "date": [ahead] * 2,
        "cutoff": [cutoff] * 2,
        "forecast": [1.0, 5.0],
    }
    sold = {name: values * 2 for name, values in key.items()}
    tables = {
        "runs": {"run_id": ["r"], "started_at": [datetime(2026, 11, 2, tzinfo=UTC)], "state": ["complete"]},
        "forecasts": forecasts | {name: [1.0, 5.0] for name in COLUMNS},
        "models": {"run_id": ["r", "r"], **key, "demand_class": ["smooth", "lumpy"]},
        "sales": {**sold, "date": [cutoff] * 2 + [ahead] * 2, "quantity": [1.0, 5.0, 2.0, 4.0]},
    }
    for name, columns in tables.items():
        deltalake.write_deltalake(str(tmp_path / name), pa.table(columns))
    days = scored_days(tmp_path, pd.Timestamp(cutoff)).sort_values("series")
    assert days[["forecast", "quantity", "mean", "demand_class"]].to_numpy().tolist() == [
        [1.0, 2.0, 1.0, "smooth"],
        [5.0, 4.0, 5.0, "lumpy"],
    ]


def test_rows_cover_all_series_classes_and_age_groups() -> None:
    days = pd.DataFrame(
        {
            "series": ["a", "a", "b"],
            "demand_class": ["new", "new", "smooth"],
            "age": [14, 14, 15],
            "quantity": [1.0, 3.0, 2.0],
            "forecast": [2.0, 4.0, 2.0],
            "mean": [3.0, 5.0, 3.0],
            "naive": [1.0, 2.0, 0.0],
            **dict.fromkeys(COLUMNS, 2.0),
            **dict.fromkeys(EMPIRICAL, 4.0),
        }
    )
    rows = {row["class"]: row for row in class_rows(days)}
    assert list(rows) == ["all", "new", "smooth", "1 to 14 days", "15 to 42 days"]
    assert rows["all"]["products"] == 2
    assert rows["all"]["forecast / sold"] == "1.33"
    assert rows["new"] == {**rows["1 to 14 days"], "class": "new"}
    assert rows["new"]["over mean"] == f"{np.sqrt(2 / 8):.4f}"
    assert rows["15 to 42 days"]["over naive"] == "0.0000"
    assert rows["15 to 42 days"]["p05"] == "0.000-1.000"
