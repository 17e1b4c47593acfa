"""Lineage events, read back into the classes of OpenLineage's own library, which check their values."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    dataset_version_dataset,
    error_message_run,
    parent_run,
    schema_dataset,
    tags_run,
)

from lepton_spark.gates import Gate
from lepton_spark.operations.lineage.datasets import DatasetName, Datasets, dataset_name
from lepton_spark.operations.lineage.events import EventFactory, append_events
from lepton_spark.operations.lineage.job_runs import JobRun, event_id, job_runs
from lepton_spark.operations.lineage.job_tables import READS, SOURCES, WRITES
from lepton_spark.operations.stage_times import StageTime
from lepton_spark.pipelines.runs.run import Run as LoggedRun
from lepton_spark.tables import TABLES

AT = datetime(2021, 2, 1, 3, tzinfo=UTC)
LATER = AT + timedelta(seconds=90)
COMMAND = JobRun("lepton run", event_id("command", AT), AT, LATER)
FACTORY = EventFactory("shop", {name: f"s3a://bucket/tables/{name}" for name in TABLES})


def parsed(event: Mapping[str, Any]) -> RunEvent:
    """An event from its JSON; unknown and missing fields are errors."""
    of_job, of_run = event["job"], event["run"]
    made = RunEvent(
        eventType=RunState(event["eventType"]),
        eventTime=event["eventTime"],
        run=Run(of_run["runId"], {name: _run_facet(name, facet) for name, facet in of_run["facets"].items()}),
        job=Job(**of_job),
        inputs=[InputDataset(**_dataset(one)) for one in event["inputs"]],
        outputs=[OutputDataset(**_dataset(one)) for one in event["outputs"]],
        producer=event["producer"],
    )
    assert made.schemaURL == event["schemaURL"]
    return made


def _own(facet: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facet.items() if not name.startswith("_")}


def _run_facet(name: str, facet: Mapping[str, Any]) -> Any:
    own = _own(facet)
    if name == "tags":
        return tags_run.TagsRunFacet([tags_run.TagsRunFacetFields(**tag) for tag in own["tags"]])
    if name == "parent":
        return parent_run.ParentRunFacet(parent_run.Run(**own["run"]), parent_run.Job(**own["job"]))
    assert name == "errorMessage"
    return error_message_run.ErrorMessageRunFacet(**own)


def _dataset(one: Mapping[str, Any]) -> dict[str, Any]:
    facets = dict(one["facets"])
    known: dict[str, Any] = {}
    if "schema" in facets:
        fields = _own(facets.pop("schema"))["fields"]
        known["schema"] = schema_dataset.SchemaDatasetFacet(
            [schema_dataset.SchemaDatasetFacetFields(**field) for field in fields]
        )
    if "version" in facets:
        known["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(**_own(facets.pop("version")))
    assert not facets
    return dict(one) | {"facets": known}


def written(folder: Path, *events: RunEvent) -> list[RunEvent]:
    path = folder / "lineage.jsonl"
    append_events(str(path), events)
    return [parsed(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def test_events_of_a_job_name_its_tables_with_columns_and_versions(tmp_path: Path) -> None:
    run = JobRun("panel", event_id("r1", AT), AT, LATER, tags={"run_id": "r1", "cutoff": "2021-01-31"})
    datasets = Datasets(("/data/in",), ("sales",), ("panel",), {"panel": 4})
    start, end = written(tmp_path, FACTORY.start(run, COMMAND, datasets), FACTORY.end(run, COMMAND, datasets))
    assert (start.eventType, start.eventTime) == (RunState.START, "2021-02-01T03:00:00+00:00")
    assert (end.eventType, end.eventTime) == (RunState.COMPLETE, "2021-02-01T03:01:30+00:00")
    assert start.run.runId == end.run.runId == event_id("r1", AT)
    assert (end.job.namespace, end.job.name) == ("shop", "panel")
    assert end.run.facets["parent"].run.runId == COMMAND.run_id
    assert {tag.key: tag.value for tag in end.run.facets["tags"].tags} == run.tags
    assert [(one.namespace, one.name) for one in start.inputs] == [
        ("file", "/data/in"),
        ("s3://bucket", "tables/sales"),
    ]
    assert start.outputs == []
    (panel,) = end.outputs
    assert panel.facets["version"].datasetVersion == "4"
    columns = [(field.name, field.type) for field in panel.facets["schema"].fields]
    assert columns == [(column.name, column.type) for column in TABLES["panel"].columns]
    assert "version" not in end.inputs[1].facets


def test_events_of_later_jobs_are_appended(tmp_path: Path) -> None:
    written(tmp_path, FACTORY.start(COMMAND))
    assert [event.eventType for event in written(tmp_path, FACTORY.end(COMMAND))] == [
        RunState.START,
        RunState.COMPLETE,
    ]


def test_failed_job_says_why(tmp_path: Path) -> None:
    (end,) = written(tmp_path, FACTORY.end(replace(COMMAND, fault="InputError: no rows")))
    assert end.eventType == RunState.FAIL
    assert end.run.facets["errorMessage"].message == "InputError: no rows"


def test_each_attempt_of_a_run_has_an_id_of_its_own() -> None:
    assert event_id("r1", AT) == event_id("r1", AT) != event_id("r1", LATER)


@pytest.mark.parametrize(
    ("path", "namespace", "name"),
    [
        ("s3a://key:hush@bucket/raw/*.csv", "s3://bucket", "raw/*.csv"),
        ("gs://bucket", "gs://bucket", "/"),
        ("hdfs://host:8020/raw", "hdfs://host:8020", "raw"),
        ("file:/data/sales", "file", "/data/sales"),
        ("file:///data/sales", "file", "/data/sales"),
        ("/data/sales", "file", "/data/sales"),
        ("data/sales.csv", "file", str(Path("data/sales.csv").absolute())),
        ("completejourney:transactions", "completejourney", "transactions"),
    ],
)
def test_datasets_are_named_by_store_and_path(path: str, namespace: str, name: str) -> None:
    assert dataset_name(path) == DatasetName(namespace, name)


def test_job_runs_are_those_of_the_run_log_and_two_stages() -> None:
    def stage(title: str, first: int, last: int, *, failed: bool = False) -> StageTime:
        return StageTime(title, AT + timedelta(seconds=first), AT + timedelta(seconds=last), failed)

    gates = (Gate("no_null", False, "3 rows", "0 rows"), Gate("total_forecast", True, "1", "2"))
    runs = [
        LoggedRun("p1", "publish", date(2021, 1, 31), gates=gates, state="refused", started_at=LATER),
        LoggedRun("i1", "ingest", state="complete", started_at=AT, finished_at=AT + timedelta(seconds=5)),
        LoggedRun("f1", "forecast", state="running", started_at=AT + timedelta(seconds=6)),
    ]
    stages = [stage("find new files", 0, 1), stage("monitor", 20, 25), stage("monitor", 26, 30, failed=True)]
    ingest, forecast, monitor, publish = job_runs(runs, stages, replace(COMMAND, fault="Py4JError: dead"))
    assert (ingest.job, ingest.run_id, ingest.fault) == ("ingest", event_id("i1", AT), None)
    assert ingest.ended_at == AT + timedelta(seconds=5)
    assert (forecast.job, forecast.fault, forecast.ended_at) == ("forecast", "Py4JError: dead", LATER)
    assert (monitor.job, monitor.fault) == ("monitor", "Py4JError: dead")
    assert (monitor.started_at, monitor.ended_at) == (stages[1].started_at, stages[2].ended_at)
    assert (publish.job, publish.fault) == ("publish", "no_null: found 3 rows")
    assert publish.tags == {"run_id": "p1", "code_version": "None", "cutoff": "2021-01-31"}


def test_every_table_is_written_by_one_job_but_those_of_a_challenger() -> None:
    others = {job: names for job, names in WRITES.items() if job != "challenger"}
    listed = [name for names in others.values() for name in names]
    assert sorted([*listed, "challenges", "runs"]) == sorted(TABLES)
    assert set(WRITES["challenger"]) == {*WRITES["forecast"], "challenges"}
    assert {name for names in READS.values() for name in names} <= set(TABLES)
    assert READS.keys() == WRITES.keys()
    assert set(SOURCES) == {
        "input",
        "plans",
        "products",
        "stock",
        "priors",
        "calendar",
        "stock_levels",
        "overrides",
    }
