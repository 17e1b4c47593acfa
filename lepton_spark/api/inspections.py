"""`inspect`: a configuration for a user's own files, and what a load with it would accept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pyspark.sql import SparkSession

from lepton_spark.config import Config, SparkSettings, load_config
from lepton_spark.detection.column_names import ROLES
from lepton_spark.detection.proposal import Choice, Proposal
from lepton_spark.detection.written import as_yaml
from lepton_spark.errors import InputError, explain
from lepton_spark.operations.opening import clock, privacy_key
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.first_read import read_first
from lepton_spark.pipelines.proposal import absolute, propose_configuration
from lepton_spark.report.console_text import TextConsole, text_of
from lepton_spark.report.first_read import print_layout, print_read
from lepton_spark.report.progress import notebook_progress
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

FILE = "lepton.yaml"
TABLES = "tables"


@dataclass(frozen=True, repr=False)
class Inspection:
    """What `lepton init` finds out about files.

    config: the settings, with tables in the folder `tables` of the working folder. summary: how the files are
    written, which lines a load would accept and reject, and what can be forecast; shown when printed.
    choices: settings of which several values fit every sampled line; the first of each is in `config`.
    """

    config: Config
    summary: str
    choices: tuple[Choice, ...]
    source: str
    proposal: Proposal

    def write(self, folder: str | Path) -> Path:
        """Writes the settings with comments as `lepton.yaml`; tables will be beside it.

        Raises: InputError if the file exists.
        """
        target = Path(folder) / FILE
        if target.exists():
            allowed, remedy = "none: no file is overwritten", "Delete it, or name another folder."
            raise InputError(explain(str(target), "a file", allowed, remedy))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_text(self.proposal, self.source, target), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return self.summary


def inspect(
    source: str | Path, *, columns: Mapping[str, str] | None = None, spark: SparkSession | None = None
) -> Inspection:
    """Finds out how sales files are written, and reads them once as a load would; writes nothing.

    source: a file, a folder, a glob or a Delta table. columns: names of columns by role, such as
    `{"quantity": "Menge"}`, where the right one is not found.

    Raises: InputError when nothing is there, no file can be read, or a required column is missing.
    """
    given = dict(columns or {})
    unknown = [role for role in given if role not in ROLES]
    if unknown:
        raise InputError(explain("columns", f"{unknown}", ", ".join(ROLES), "Correct the role."))
    session, progress = open_session(SparkSettings(), "lepton_spark", spark), notebook_progress()
    with progress.stage("sample the files"):
        sampled = propose_configuration(session, str(source), given)
    path = absolute(str(source))
    target = Path(FILE).absolute()
    config = load_config([yaml.safe_load(_text(sampled.proposal, path, target))]).config
    warehouse = Warehouse(session, config.warehouse.root)
    read = read_first(JobContext(session, warehouse, config, clock, progress, privacy_key=privacy_key()))

    def show(console: TextConsole) -> None:
        print_layout(console, sampled.words, sampled.proposal.described_columns())
        print_read(console, read.counts, read.examples, read.words, read.classes)
        for name, reason in (
            *sampled.lines.others.items(),
            *((file.name, file.words) for file in read.refused),
        ):
            console.print(f"not used: {name}: {reason}", markup=False, highlight=False, soft_wrap=True)

    return Inspection(config, text_of(show), sampled.proposal.choices, path, sampled.proposal)


def _text(proposal: Proposal, source: str, target: Path) -> str:
    return as_yaml(proposal, source, str((target.parent / TABLES).absolute()), str(target))
