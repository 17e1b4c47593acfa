import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import (
    ColumnNames,
    Config,
    ForecastSettings,
    InputSettings,
    SparkSettings,
    WarehouseSettings,
)
from lepton_spark.gates import Gate
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import run_id_for
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.delta.started_runs import StartedRuns

NOON = datetime(2021, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def warehouse(spark: SparkSession, tmp_path: Path) -> Warehouse:
    return Warehouse(spark, str(tmp_path))


def ticking(seconds: float) -> Callable[[], datetime]:
    ticks = iter(range(1000))
    return lambda: NOON + timedelta(seconds=seconds * next(ticks))


def read_again(warehouse: Warehouse) -> RunLog:
    """A later job's."""
    later = ticking(1)
    return RunLog(warehouse, lambda: later() + timedelta(hours=1))


def test_completed_run_is_read_back_unchanged(warehouse: Warehouse) -> None:
    log = RunLog(warehouse, ticking(1.5))
    run = log.start(Run("r1", "forecast", cutoff=date(2021, 4, 30), horizon=28, settings_id="s1"), Config())
    assert log.find("r1") == read_again(warehouse).find("r1") == run
    assert not warehouse.exists("runs")
    done = log.complete(replace(run, counts={"series": 3}, class_models={"smooth": "mean"}))
    assert (done.state, done.seconds, done.started_at) == ("complete", 1.5, NOON)
    assert log.find("r1") == read_again(warehouse).find("r1") == done
    row = warehouse.read("runs").first()
    assert row is not None
    assert row.library_versions["pyspark"].startswith("4.2")
    assert '"horizon": 28' in row.config
    assert warehouse.version("runs") == 1  # created, and one commit


def test_run_started_again_has_one_row(warehouse: Warehouse) -> None:
    log = RunLog(warehouse, ticking(1))
    log.fail(log.start(Run("r1", "ingest"), Config()))
    assert log.latest("ingest") is None
    log.start(Run("r1", "ingest"), Config())
    for runs in (log, read_again(warehouse)):
        found = runs.find("r1")
        assert found is not None
        assert found.state == "running"
    again = read_again(warehouse)
    again.complete(replace(found, counts={"lines": 2}))
    assert [(row.run_id, row.state) for row in warehouse.read("runs").collect()] == [("r1", "complete")]


def test_run_that_was_killed_is_found_by_the_next_job_and_finished_with_its_configuration(
    warehouse: Warehouse,
) -> None:
    load = Run("r1", "ingest", ingest_batch="b", min_date=date(2021, 1, 1), counts={"unloaded_lines": 1})
    started = RunLog(warehouse, ticking(1)).start(load, Config(forecast=ForecastSettings(horizon=9)))
    log = read_again(warehouse)
    assert log.incomplete_loads() == [started]
    log.fail(replace(started, counts={}))
    row = warehouse.read("runs").first()
    assert row is not None
    assert (row.state, row.min_date, row.counts) == ("failed", date(2021, 1, 1), {})
    assert '"horizon": 9' in row.config
    assert read_again(warehouse).incomplete_loads() == []


def test_run_whose_job_died_between_its_row_and_its_file_has_finished(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RunLog(warehouse, ticking(1))
    started = log.start(Run("r1", "ingest", ingest_batch="b", load_number=1), Config())
    monkeypatch.setattr(StartedRuns, "remove", lambda *_: None)
    done = log.complete(started)
    monkeypatch.undo()
    again = read_again(warehouse)
    assert (again.find("r1"), again.incomplete_loads()) == (done, [])
    again.start(Run("r2", "ingest", ingest_batch="c"), Config())
    assert list(warehouse.started_runs().read()) == ["r2"]


def test_run_whose_file_was_not_written_completely_has_not_started(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    RunLog(warehouse, ticking(1)).start(Run("r1", "ingest", ingest_batch="b"), Config())
    file = tmp_path / "_started" / "r1"
    for size in (0, 100):
        file.write_bytes(file.read_bytes()[:size])
        assert read_again(warehouse).incomplete_loads() == []


def test_run_that_an_earlier_version_recorded_as_running_is_finished_in_its_row(
    warehouse: Warehouse,
) -> None:
    row = {"run_id": "r1", "job": "ingest", "ingest_batch": "b", "state": "running", "started_at": NOON}
    warehouse.append("runs", warehouse.rows("runs", [row | {"config": "{}"}]))
    log = read_again(warehouse)
    (run,) = log.incomplete_loads()
    log.fail(run)
    stored = warehouse.read("runs").first()
    assert stored is not None
    assert (stored.state, stored.config) == ("failed", "{}")


def test_withdrawn_publication_is_refused_by_one_more_gate_and_keeps_its_times(warehouse: Warehouse) -> None:
    passed = Gate("no_null", passed=True, found="0 rows", allowed="0 rows")
    open_question = Gate("total_forecast", passed=None, found="3 known days", allowed="0.1 to 10 times")
    failed = Gate("rolled_back", passed=False, found="run 'r2'", allowed="publish it with --publish")
    log = RunLog(warehouse, ticking(1))
    began = NOON - timedelta(seconds=90)
    log.record(
        Run("p1", "publish", input_fingerprint="r1", gates=(passed, open_question), started_at=began),
        "complete",
        Config(),
    )
    (record,) = log.publications("r1")
    log.withdraw(record, failed)
    (withdrawn,) = read_again(warehouse).publications("r1")
    assert withdrawn == replace(record, state="refused", gates=(passed, open_question, failed))
    assert (withdrawn.started_at, withdrawn.seconds) == (began, 90.0)


def test_settings_of_earlier_runs_are_the_same_before_and_after_they_are_read_back(
    warehouse: Warehouse,
) -> None:
    log = RunLog(warehouse, ticking(1))
    columns = ColumnNames(product_id="sku", date="日", quantity="n")
    weekly = Config(
        forecast=ForecastSettings(frequency="weekly"), input=InputSettings(kind="daily", columns=columns)
    )
    by_order = Config(input=InputSettings(identity=("order",)))
    log.start(Run("a", "ingest", ingest_batch="a"), weekly)
    log.start(Run("b", "ingest", ingest_batch="b"), weekly)
    log.start(Run("c", "ingest", ingest_batch="c"), by_order)
    for runs in (log, read_again(warehouse)):
        assert [runs.forecast_period(Run(name, "forecast")) for name in ("a", "c")] == [7, 1]
        (both,) = runs.mappings({"a", "b"})
        assert (both["kind"], json.loads(both["columns"] or "")["date"]) == ("daily", "日")
        (other,) = runs.mappings(["c"])
        assert json.loads(other["identity"] or "") == ["order"]
        assert both["identity"] is None


def test_latest_run_has_the_latest_cutoff_then_the_latest_end(warehouse: Warehouse) -> None:
    log = RunLog(warehouse, ticking(1))
    for run_id, day in (("b", 2), ("c", 1), ("a", 2), ("d", 1)):
        log.record(Run(run_id, "forecast", cutoff=date(2021, 1, day)), "complete", Config())
    log.record(Run("e", "forecast", cutoff=date(2021, 1, 3)), "failed", Config())
    for runs in (log, read_again(warehouse)):
        newest = runs.latest("forecast"), runs.latest("forecast", date(2021, 1, 1))
        assert [run and run.run_id for run in newest] == ["a", "d"]
        assert runs.complete_forecasts() == ["d", "a", "c", "b"]
        assert runs.latest("forecast", date(2021, 1, 4)) is None


def test_run_before_has_the_same_settings_and_an_earlier_cutoff(warehouse: Warehouse) -> None:
    log = RunLog(warehouse, ticking(1))
    for run_id, day, settings in (
        ("a", 1, "s"),
        ("b", 2, "s"),
        ("c", 2, "s"),
        ("d", 3, "other"),
        ("e", 4, "s"),
    ):
        run = Run(run_id, "forecast", cutoff=date(2021, 1, day), settings_id=settings)
        log.record(run, "complete", Config())
    log.record(Run("f", "forecast", cutoff=date(2021, 1, 3), settings_id="s"), "failed", Config())
    for runs in (log, read_again(warehouse)):
        found = [runs.before(date(2021, 1, day), "s") for day in (1, 2, 3, 4, 5)]
        assert [run and run.run_id for run in found] == [None, "a", "c", "c", "e"]


def test_complete_loads_are_those_with_lines_up_to_the_day_in_order(warehouse: Warehouse) -> None:
    log = RunLog(warehouse, ticking(1))
    loads = {"late": (2, date(2021, 3, 1)), "first": (1, date(2021, 1, 1)), "empty": (3, None)}
    for batch, (number, day) in loads.items():
        log.complete(
            log.start(Run(batch, "ingest", ingest_batch=batch, load_number=number, min_date=day), Config())
        )
    log.start(Run("crashed", "ingest", ingest_batch="crashed", min_date=date(2021, 1, 1)), Config())
    for loads_of in (log, read_again(warehouse)):
        assert loads_of.complete_loads(date(2021, 2, 28)) == ["first"]
        assert loads_of.complete_loads(date(2021, 3, 1)) == ["first", "late"]
        assert loads_of.next_load_number() == 4
        assert [run.run_id for run in loads_of.incomplete_loads()] == ["crashed"]


def test_run_id_depends_only_on_what_changes_results() -> None:
    day = date(2021, 1, 1)
    one = run_id_for("forecast", day, Config(), "f")
    moved = Config(warehouse=WarehouseSettings(root="s3://x"), spark=SparkSettings(shuffle_partitions=99))
    asked = Config(forecast=ForecastSettings(cutoff=day))
    assert run_id_for("forecast", day, moved, "f") == run_id_for("forecast", day, asked, "f") == one
    others = {
        run_id_for("forecast", day, Config(forecast=ForecastSettings(horizon=7)), "f"),
        run_id_for("forecast", date(2021, 1, 2), Config(), "f"),
        run_id_for("forecast", day, Config(), "g"),
        run_id_for("ingest", day, Config(), "f"),
    }
    assert len({one, *others}) == 5


def test_secrets_are_masked_in_runs(warehouse: Warehouse) -> None:
    config = Config(spark=SparkSettings(options={"fs.s3a.secret.key": "hush"}))
    RunLog(warehouse, ticking(1)).start(Run("r1", "ingest"), config)
    (row,) = warehouse.started_runs().read().values()
    assert "hush" not in row["config"]
    assert '"fs.s3a.secret.key": "***"' in row["config"]
