"""What the commands print about their results, and their exit codes."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console

from lepton_spark.config import Config
from lepton_spark.errors import FilesError, GatesError, LossError, StaleError, explain
from lepton_spark.ingest.losses import TOO_MANY_LOST
from lepton_spark.operations.job_end import State
from lepton_spark.pipelines.challenge.contest import ChallengeResult
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import IngestResult, RefusedFile
from lepton_spark.pipelines.ingest.reingest import ReingestResult
from lepton_spark.pipelines.ingest.unload import UnloadResult
from lepton_spark.pipelines.maintenance.migrate import MigrateResult
from lepton_spark.pipelines.monitor.monitor import MonitorResult
from lepton_spark.pipelines.publish.freshness import in_days
from lepton_spark.pipelines.publish.publish import PublishResult
from lepton_spark.pipelines.publish.published_state import PublishedState
from lepton_spark.report.monitoring import print_monitoring
from lepton_spark.report.overrides import print_override_scores
from lepton_spark.tables.delta.migration import SCHEMA_VERSION

PLAIN_WIDTH = 120
"""Width in characters when the output is not a terminal."""


def print_publish_result(result: PublishResult) -> int:
    """Explains on stderr why a run was not published; returns the exit code."""
    if not result.published:
        typer.echo(f"run {result.run_id}: {result.why}", err=True)
    return GatesError.exit_code if result.refused else 0


class WithRefusedFiles(Protocol):
    """A result with refused files."""

    @property
    def refused(self) -> Sequence[RefusedFile]:
        """The files that could not be loaded."""


def print_refused_files(result: WithRefusedFiles) -> None:
    """Lists the refused files on stderr."""
    for file in result.refused:
        typer.echo(f"refused: {file.name}: {file.reason}: {file.words}", err=True)


def print_load_messages(result: IngestResult) -> None:
    """Prints the warnings of a load and its refused files on stderr."""
    for warning in result.warnings:
        typer.echo(warning, err=True)
    print_refused_files(result)


def refused_files_code(result: WithRefusedFiles) -> int:
    """The exit code of a load: that of refused files, or 0."""
    if any(file.reason == TOO_MANY_LOST for file in result.refused):
        return LossError.exit_code
    return FilesError.exit_code if result.refused else 0


def print_migration(result: MigrateResult) -> None:
    """Prints the schema versions and how many tables were changed."""
    if result.found is None:
        typer.echo("no tables yet: nothing to migrate")
        return
    changed = [name for name, done in result.done.items() if done]
    typer.echo(f"schema version {result.found} -> {SCHEMA_VERSION}: {len(changed)} tables changed")


def print_monitor_result(job: JobContext, result: MonitorResult) -> None:
    """Prints the errors and alarms of the last scored run."""
    settings = job.config.monitoring
    if result.scored:
        print_monitoring(console(), job.warehouse, result.scored[-1], result.counts, settings.false_share)
        print_override_scores(console(), job.warehouse, result.scored[-1])
    elif result.next_day is not None:
        typer.echo(f"Monitoring: the next published week is scored with the sales of {result.next_day}.")


def print_state(state: State, today: date) -> int:
    """Prints which run is published and how old the sales are; returns the exit code, that of old sales or 0.

    What needs an action goes to stderr: forecasts whose days have passed, and sales that are too old.
    """
    published, gate = state.published, state.freshness
    if published is None:
        typer.echo("published: nothing yet")
    else:
        typer.echo(f"published: {_published_words(published)}; valid until {published.valid_until}")
        days = published.days_expired(today)
        if days:
            found = f"valid until {published.valid_until}, {in_days(days)} ago"
            remedy = "Do not order by them. Deliver the days that are missing, then run again."
            typer.echo(explain("published forecasts", found, f"valid on {today}", remedy), err=True)
    if gate.failed:
        remedy = "Deliver the days that are missing, then run again."
        typer.echo(explain("newest complete day of sales", gate.found, gate.allowed, remedy), err=True)
        return StaleError.exit_code
    if gate.passed:
        typer.echo(f"newest complete day of sales: {gate.found}; allowed: {gate.allowed}")
    return 0


def _published_words(published: PublishedState) -> str:
    run = f"run {published.run_id} of cutoff {published.cutoff}"
    withdrawn = published.withdrawn
    if withdrawn is None:
        return run
    other = f"run {withdrawn.input_fingerprint} of cutoff {withdrawn.cutoff}"
    return f"{run}, because {other} was rolled back on {published.published_at.date()}"


def print_challenge(result: ChallengeResult, *, published: bool) -> None:
    """Prints how a challenger compares with the champion, and whether its forecast is published."""
    state = "its forecasts are published" if published else "it runs beside the champion"
    typer.echo(f"Challenger: {state}; {result.words}.")
    if result.failure is not None:
        typer.echo(
            f"The challenger failed; the published forecasts are not affected: {result.failure}", err=True
        )


def report_path(config: Config, output: Path | None) -> Path:
    """Where the report goes: the option, the setting, or the folder of the tables.

    Raises: BadParameter for tables in an object store without either.
    """
    if output is not None or config.report.file is not None:
        return output or Path(str(config.report.file))
    root = config.warehouse.root.removeprefix("file:")
    if ":/" in root:
        raise typer.BadParameter(f"give -o FILE: the tables are in {root}, and the report is a local file")
    return Path(root) / "report.html"


def print_reingested(result: ReingestResult) -> None:
    """Prints the numbers of rejected lines by outcome."""
    typer.echo(
        f"rejected lines: {result.accepted} accepted now, "
        f"{result.other_reasons} rejected for other reasons, {result.as_before} rejected as before, "
        f"{result.not_validated} not validated again"
    )


def print_unloaded(result: UnloadResult) -> None:
    """Prints what was taken back, and which files may have repeated lines of it."""
    typer.echo(f"{result.n_lines:,} lines of {', '.join(result.files)} taken back")
    typer.echo("The next `lepton ingest` reads these files again if they are still under input.path.")
    if result.overlapping:
        listed = ", ".join(result.overlapping)
        typer.echo(f"Some lines of {listed} were known when they were loaded. If from these files, unload")
        typer.echo("them too: their lines are missing now.")


def print_rows_to_forget(rows: Mapping[str, int], *, deletes: bool, yes: bool) -> None:
    """Prints which rows will be deleted, or lose a value, before they do."""
    counted = ", ".join(f"{count:,} of {name}" for name, count in rows.items()) or "none"
    typer.echo(f"rows to {'delete' if deletes else 'change'}: {counted}")
    typer.echo("This also erases earlier versions of all tables that may hold such rows (no time travel).")
    if not yes:
        typer.echo("Nothing was changed. Add --yes to do it for good.")


def console() -> Console:
    """A console as wide as the terminal, or PLAIN_WIDTH columns when the output is not a terminal."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
