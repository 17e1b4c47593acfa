from datetime import UTC, datetime
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
import pyarrow as pa
from catalogue import COLUMNS, EMPIRICAL, by_class, latest_run


def test_of_several_runs_the_one_that_began_last_is_held_against_what_came(tmp_path: Path) -> None:
    began = [datetime(2026, 11, day, tzinfo=UTC) for day in (5, 3, 9)]
    runs = pa.table({"run_id": ["second", "first", "of another day"], "started_at": began})
    deltalake.write_deltalake(str(tmp_path / "runs"), runs)
    assert latest_run(tmp_path, ["second", "first"]) == "second"


def test_lines_are_of_all_of_classes_and_of_ages() -> None:
    days = pd.DataFrame(
        {
            "product_id": ["a", "a", "b"],
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
