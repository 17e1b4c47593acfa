from datetime import UTC, date, datetime
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from catalogue import COLUMNS, EMPIRICAL, by_class, latest_run, scored_days


def test_of_several_runs_the_one_that_began_last_is_held_against_what_came(tmp_path: Path) -> None:
    began = [datetime(2026, 11, day, tzinfo=UTC) for day in (5, 3, 9, 7)]
    run_ids = ["second", "first", "of another day", "cut short"]
    states = ["complete", "complete", "complete", "running"]
    runs = pa.table({"run_id": run_ids, "started_at": began, "state": states})
    deltalake.write_deltalake(str(tmp_path / "runs"), runs)
    assert latest_run(tmp_path, ["second", "first", "cut short"]) == "second"
    with pytest.raises(SystemExit, match="no complete run of this cutoff"):
        latest_run(tmp_path, ["cut short"])


def test_a_location_is_held_against_its_own_sales(tmp_path: Path) -> None:
    cutoff, ahead = date(2026, 11, 1), date(2026, 11, 2)
    key = {"product_id": ["a", "a"], "location_id": ["north", "south"]}
    made = {"run_id": ["r", "r"], **key, "date": [ahead] * 2, "cutoff": [cutoff] * 2, "forecast": [1.0, 5.0]}
    sold = {name: values * 2 for name, values in key.items()}
    tables = {
        "runs": {"run_id": ["r"], "started_at": [datetime(2026, 11, 2, tzinfo=UTC)], "state": ["complete"]},
        "forecasts": made | {name: [1.0, 5.0] for name in COLUMNS},
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


def test_lines_are_of_all_of_classes_and_of_ages() -> None:
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
    lines = {line["class"]: line for line in by_class(days)}
    assert list(lines) == ["all", "new", "smooth", "1 to 14 days", "15 to 42 days"]
    assert lines["all"]["products"] == 2
    assert lines["all"]["forecast over sold"] == "1.33"
    assert lines["new"] == {**lines["1 to 14 days"], "class": "new"}
    assert lines["new"]["over mean"] == f"{np.sqrt(2 / 8):.4f}"
    assert lines["15 to 42 days"]["over naive"] == "0.0000"
    assert lines["15 to 42 days"]["p05"] == "0.000-1.000"
