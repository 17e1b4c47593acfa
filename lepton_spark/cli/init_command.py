"""The command `init`: writes a configuration for a user's own files, and shows what it would do."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from lepton_spark.cli.app import app
from lepton_spark.cli.job import load
from lepton_spark.cli.messages import console, print_refused_files, refused_files_code
from lepton_spark.config import SparkSettings
from lepton_spark.detection.column_names import ROLES
from lepton_spark.detection.proposal import Choice, Proposal
from lepton_spark.detection.written import as_yaml
from lepton_spark.errors import InputError, explain
from lepton_spark.operations.opening import clock, privacy_key
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.first_read import read_first
from lepton_spark.pipelines.proposal import absolute, propose_configuration
from lepton_spark.report.first_read import print_layout, print_read
from lepton_spark.report.progress import ConsoleProgress
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

FILE = "lepton.yaml"


@app.command()
def init(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, a glob, or a Delta table.")],
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help=f"Where {FILE} is written; later also the tables.")
    ] = Path(),
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ROLE=NAME", help="Names a column, such as quantity=Menge. May be repeated."
        ),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take the first value that fits.")] = False,
) -> None:
    """Inspect sales files, write a configuration for them, and show what a load would accept."""
    given = _given_columns(column or [])
    target = folder / FILE
    if target.exists():
        raise InputError(
            explain(str(target), "a file", "none: no file is overwritten", "Delete it, or set --dir.")
        )
    progress = ConsoleProgress(console(), time.monotonic)
    with progress.stage("start Spark"):
        spark = open_session(SparkSettings(), "lepton_spark init")
    with progress.stage("sample the files"):
        sampled = propose_configuration(spark, data, given)
    proposal = _chosen(sampled.proposal, asks=not yes and sys.stdin.isatty())
    print_layout(console(), sampled.words, proposal.described_columns())
    folder.mkdir(parents=True, exist_ok=True)
    tables = str((folder / "tables").absolute())
    target.write_text(as_yaml(proposal, absolute(data), tables, str(target)), encoding="utf-8")
    loaded = load([target], None)
    warehouse = Warehouse(spark, tables)
    read = read_first(JobContext(spark, warehouse, loaded.config, clock, progress, privacy_key=privacy_key()))
    print_read(console(), read.counts, read.examples, read.words, read.classes)
    for name, reason in sampled.lines.others.items():
        typer.echo(f"sampled, but not used: {name}: {reason}", err=True)
    print_refused_files(read)
    typer.echo(f"Written: {target}. Next: lepton run --conf {target}")
    raise typer.Exit(refused_files_code(read))


def _given_columns(pairs: list[str]) -> dict[str, str]:
    given = dict(pair.partition("=")[::2] for pair in pairs)
    for role, name in given.items():
        if role not in ROLES or not name:
            raise typer.BadParameter(f"found {role}={name}; allowed: ROLE=NAME with {', '.join(ROLES)}")
    return given


def _chosen(proposal: Proposal, *, asks: bool) -> Proposal:
    """The proposal after the user has decided what the sample leaves open."""
    for choice in proposal.choices:
        if asks:
            proposal = proposal.choosing(choice, _answer(choice))
        else:
            typer.echo(
                f"{choice.key}: several values fit every sampled line. Taken: {choice.values[0]} "
                f"({choice.words[0]}). The others are comments in the file: check them.",
                err=True,
            )
    return proposal


def _answer(choice: Choice) -> object:
    """The value that the user chooses by its number."""
    for number, (value, words) in enumerate(zip(choice.values, choice.words, strict=True), start=1):
        typer.echo(f"  {number}: {value}: {words}")
    answer = 0
    while not 0 < answer <= len(choice.values):
        answer = typer.prompt(
            f"Several values of {choice.key} fit every sampled line. Which one is right?", default=1
        )
    return choice.values[answer - 1]
