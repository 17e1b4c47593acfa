"""Builds OpenLineage events and appends them to a file; needs the optional package openlineage-python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    RunFacet,
    dataset_version_dataset,
    error_message_run,
    parent_run,
    schema_dataset,
    tags_run,
)
from openlineage.client.transport.file import FileConfig, FileTransport

from lepton_spark.operations.lineage.datasets import Datasets, dataset_name
from lepton_spark.operations.lineage.job_runs import JobRun
from lepton_spark.tables import TABLES
from lepton_spark.version import __version__

PRODUCER = f"https://pypi.org/project/lepton-spark/{__version__}"


NO_DATASETS = Datasets()


@dataclass(frozen=True)
class EventFactory:
    """Makes the events of jobs; namespace: of the jobs. paths: of the tables by name."""

    namespace: str
    paths: Mapping[str, str]

    def start(self, run: JobRun, parent: JobRun | None = None, datasets: Datasets = NO_DATASETS) -> RunEvent:
        """The event of a job's start, with what it reads."""
        return RunEvent(
            eventType=RunState.START,
            eventTime=run.started_at.isoformat(),
            run=Run(run.run_id, self._run_facets(run, parent)),
            job=Job(self.namespace, run.job),
            inputs=self._inputs(datasets),
            producer=PRODUCER,
        )

    def end(self, run: JobRun, parent: JobRun | None = None, datasets: Datasets = NO_DATASETS) -> RunEvent:
        """The event of a job's success or failure, with what it read and wrote."""
        return RunEvent(
            eventType=RunState.COMPLETE if run.fault is None else RunState.FAIL,
            eventTime=run.ended_at.isoformat(),
            run=Run(run.run_id, self._run_facets(run, parent)),
            job=Job(self.namespace, run.job),
            inputs=self._inputs(datasets),
            outputs=[self._output(name, datasets) for name in datasets.written],
            producer=PRODUCER,
        )

    def _run_facets(self, run: JobRun, parent: JobRun | None) -> dict[str, RunFacet]:
        facets: dict[str, RunFacet] = {}
        if run.tags:
            tags = [
                tags_run.TagsRunFacetFields(key, value, "lepton_spark") for key, value in run.tags.items()
            ]
            facets["tags"] = tags_run.TagsRunFacet(tags, producer=PRODUCER)
        if parent is not None:
            of_parent = parent_run.Run(parent.run_id), parent_run.Job(self.namespace, parent.job)
            facets["parent"] = parent_run.ParentRunFacet(*of_parent, producer=PRODUCER)
        if run.fault is not None:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                run.fault, "PYTHON", producer=PRODUCER
            )
        return facets

    def _inputs(self, datasets: Datasets) -> list[InputDataset]:
        names = map(dataset_name, datasets.sources)
        sources = [InputDataset(source.namespace, source.name) for source in names]
        return [*sources, *(self._input(name, datasets) for name in datasets.read)]

    def _input(self, table: str, datasets: Datasets) -> InputDataset:
        at = dataset_name(self.paths[table])
        return InputDataset(at.namespace, at.name, facets=_table_facets(table, datasets.versions))

    def _output(self, table: str, datasets: Datasets) -> OutputDataset:
        at = dataset_name(self.paths[table])
        return OutputDataset(at.namespace, at.name, facets=_table_facets(table, datasets.versions))


def _table_facets(table: str, versions: Mapping[str, int]) -> dict[str, DatasetFacet]:
    """The columns of a table, and its Delta version where it is known."""
    columns = [
        schema_dataset.SchemaDatasetFacetFields(column.name, column.type, column.comment)
        for column in TABLES[table].columns
    ]
    facets: dict[str, DatasetFacet] = {
        "schema": schema_dataset.SchemaDatasetFacet(columns, producer=PRODUCER)
    }
    if table in versions:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            f"{versions[table]}", producer=PRODUCER
        )
    return facets


def append_events(path: str, events: Iterable[RunEvent]) -> None:
    """Appends events to a file, one JSON object a line."""
    transport = FileTransport(FileConfig(path, append=True))
    for event in events:
        transport.emit(event)
