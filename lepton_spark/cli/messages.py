"""What the command says of a job that ended otherwise than well, and its exit code."""

import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

import typer
from rich.console import Console

from lepton_spark.pipelines.ingest.ingest import RefusedFile
from lepton_spark.pipelines.ingest.reingest import ReingestResult
from lepton_spark.pipelines.maintenance.migrate import MigrateResult
from lepton_spark.pipelines.publish.publish import PublishResult
from lepton_spark.tables.delta.migration import SCHEMA_VERSION

FILES_REFUSED = 4
GATES_REFUSED = 3
PLAIN_WIDTH = 120
"""Columns of a log that is no terminal."""


def told(result: PublishResult) -> int:
    """Says on stderr why readers see another run; the exit code of it."""
    if not result.published:
        typer.echo(f"run {result.run_id}: {result.why}", err=True)
    return GATES_REFUSED if result.refused else 0


class WithRefusals(Protocol):
    """What knows of refused files."""

    @property
    def refused(self) -> Sequence[RefusedFile]:
        """Those that could not be read."""


def tell_refused(result: WithRefusals) -> None:
    """Names on stderr the files that were refused."""
    for file in result.refused:
        typer.echo(f"refused: {file.name}: {file.reason}: {file.words}", err=True)


def tell_migrated(result: MigrateResult) -> None:
    """Says from which version to which the tables were moved, and how many changed."""
    if result.found is None:
        typer.echo("no tables yet: nothing to migrate")
        return
    changed = [name for name, done in result.done.items() if done]
    typer.echo(f"schema version {result.found} -> {SCHEMA_VERSION}: {len(changed)} tables changed")


def tell_reingested(result: ReingestResult) -> None:
    """Says what became of the rejects."""
    typer.echo(
        f"rejects: {result.accepted} accepted, {result.other_reasons} refused for other reasons, "
        f"{result.as_before} as before, {result.not_judged} not judged"
    )


def tell_forgetting(rows: Mapping[str, int], *, yes: bool) -> None:
    """Says what goes, before it does."""
    counted = ", ".join(f"{count:,} of {name}" for name, count in rows.items()) or "none"
    typer.echo(f"rows: {counted}. The past of every table that may hold one ends with them.")
    if not yes:
        typer.echo("Nothing was deleted. Add --yes to delete them for good.")


def refusal_code(result: WithRefusals) -> int:
    """The exit code of a load."""
    return FILES_REFUSED if result.refused else 0


def console() -> Console:
    """As wide as the terminal, or a log's fixed width."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
