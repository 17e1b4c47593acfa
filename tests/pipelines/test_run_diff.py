"""`lepton diff` on tables written by hand."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.errors import InputError
from lepton_spark.report.run_diff.diff import RunDiff, SeriesChange, compare_runs
from lepton_spark.report.run_diff.recorded import recorded_run
from lepton_spark.tables import Warehouse

BEFORE, AFTER, LATE = "a1-before", "b2-after", "b3-late"
CUTOFFS = {BEFORE: date(2024, 5, 5), AFTER: date(2024, 5, 6), LATE: date(2024, 6, 6)}


def _run(run_id: str, **forecast: Any) -> dict[str, Any]:
    noon = datetime(2024, 5, 20, 12, tzinfo=UTC)
    settings = {"forecast": {"horizon": 3, "cutoff": str(CUTOFFS[run_id]), **forecast}}
    run = {"run_id": run_id, "job": "forecast", "state": "complete", "cutoff": CUTOFFS[run_id]}
    times = {"started_at": noon, "finished_at": noon}
    return run | times | {"config": json.dumps(settings), "code_version": "1"}


def _forecasts(run_id: str, product: str, model: str, units: float) -> list[dict[str, Any]]:
    cutoff = CUTOFFS[run_id]
    series = {"run_id": run_id, "product_id": product, "location_id": "all", "cutoff": cutoff}
    return [
        {**series, "date": date.fromordinal(cutoff.toordinal() + step), "step": step}
        | {"forecast": units, "model": model, "status": "ok"}
        | dict.fromkeys(("p05", "p10", "p25", "p50", "p75", "p90", "p95"), units)
        for step in (1, 2, 3)
    ]


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diff")
    warehouse = Warehouse(spark, str(folder))
    forecasts = [
        *_forecasts(BEFORE, "milk", "ridge", 10.0),
        *_forecasts(BEFORE, "silk", "mean", 4.0),
        *_forecasts(BEFORE, "gone", "mean", 99.0),
        *_forecasts(AFTER, "milk", "pooled", 15.0),
        *_forecasts(AFTER, "silk", "mean", 3.0),
        *_forecasts(AFTER, "new", "mean", 99.0),
        *_forecasts(LATE, "milk", "mean", 1.0),
    ]
    sold = {"product_id": "milk", "location_id": "all", "ingest_batch": "b", "year": 2024}
    sales = [
        {**sold, "date": date(2024, 5, day), "quantity": units, "sold_quantity": units}
        | {"cancelled_quantity": 0.0, "returned_quantity": 0.0, "n_transactions": 1}
        for day, units in ((5, 7.0), (6, 18.0))
    ]
    runs = [_run(BEFORE), _run(AFTER, holidays="US"), _run(LATE)]
    for name, rows in {"runs": runs, "forecasts": forecasts, "sales": sales}.items():
        warehouse.append(name, warehouse.rows(name, rows))
    return folder


@pytest.fixture(scope="module")
def found(spark: SparkSession, root: Path) -> RunDiff:
    return compare_runs(Warehouse(spark, str(root)), "a1", "b2")


def test_totals_are_those_of_series_and_days_in_both_runs(found: RunDiff) -> None:
    assert (found.first, found.last) == (date(2024, 5, 7), date(2024, 5, 8))
    assert (found.n_shared, found.n_new, found.n_gone, found.n_other_model) == (2, 1, 1, 1)
    assert (found.total_before, found.total_after) == (28.0, 36.0)


def test_largest_changes_have_the_sales_of_the_days_between_the_cutoffs(found: RunDiff) -> None:
    assert found.changes == (
        SeriesChange("milk", "all", 20.0, 30.0, "ridge", "pooled", expected=10.0, sold=18.0),
        SeriesChange("silk", "all", 8.0, 6.0, "mean", "mean", expected=4.0, sold=0.0),
    )


def test_changed_settings_leave_the_cutoff_out(found: RunDiff) -> None:
    assert found.settings == (("forecast.holidays", None, "US"),)


def test_run_is_found_by_the_beginning_of_its_id_if_that_is_unique(spark: SparkSession, root: Path) -> None:
    warehouse = Warehouse(spark, str(root))
    with pytest.raises(InputError, match="run 'b': found several: 'b2-after', 'b3-late'"):
        recorded_run(warehouse, "b")
    with pytest.raises(InputError, match="run 'x': found none"):
        recorded_run(warehouse, "x")


def test_command_prints_why_and_refuses_runs_without_a_common_day(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--set", f"warehouse.root={root}"]
    assert main(["diff", "a1", "b2", *given]) == 0
    text = capsys.readouterr().out
    assert "28.0 units before, 36.0 after (+28.6%) for 2 series in both" in text
    assert "Setting: forecast.holidays is US, was None" in text
    assert "model pooled instead of ridge; new sales: 18, 10.0 expected" in " ".join(text.split())
    assert main(["diff", "a1", "b3", *given]) == 1
    assert "no day that both forecast; allowed: horizons that overlap" in capsys.readouterr().err
