"""What is known when a job has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lepton_spark.gates import FRESHNESS, Gate
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import RefusedFile
from lepton_spark.pipelines.publish.freshness import freshness_gate
from lepton_spark.pipelines.publish.published_state import PublishedState, published_state


@dataclass(frozen=True)
class State:
    """What readers see, and the gates: those of the last publication, then the age of the sales as of now."""

    published: PublishedState | None
    gates: tuple[Gate, ...]

    @property
    def freshness(self) -> Gate:
        """The gate on the age of the sales."""
        return self.gates[-1]


def present_state(context: JobContext) -> State:
    """The state of the warehouse; reads one row."""
    latest = next(iter(context.runs.publications()), None)
    others = () if latest is None else (gate for gate in latest.gates if gate.name != FRESHNESS)
    return State(published_state(context.warehouse, context.runs), (*others, freshness_gate(context)))


@dataclass(frozen=True)
class JobEnd:
    """The end of a job, without the rows of its tables.

    at: the end, in UTC. refused: files that were refused. why_refused: why a gate refused the publication.
    scored: the last run that monitoring scored in this job. counts: its series by state.
    fault: the error with which the job failed, in words.
    """

    job: str
    at: datetime
    exit_code: int
    state: State | None = None
    refused: tuple[RefusedFile, ...] = ()
    why_refused: str | None = None
    scored: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    fault: str | None = None
