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
from lepton_spark.language import ENGLISH, Message, language_tag
from lepton_spark.language import translated as _
from lepton_spark.operations.job_end import State
from lepton_spark.pipelines.challenge.contest import ChallengeResult
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import IngestResult, RefusedFile
from lepton_spark.pipelines.ingest.reingest import ReingestResult
from lepton_spark.pipelines.ingest.unload import UnloadResult
from lepton_spark.pipelines.maintenance.migrate import MigrateResult
from lepton_spark.pipelines.monitor.monitor import MonitorResult
from lepton_spark.pipelines.publish.publish import PublishResult
from lepton_spark.pipelines.publish.published_state import PublishedState
from lepton_spark.report.folding import FoldingConsole
from lepton_spark.report.monitoring import print_monitoring
from lepton_spark.report.overrides import print_override_scores
from lepton_spark.tables.delta.migration import SCHEMA_VERSION

PLAIN_WIDTH = 120
"""Width in characters when the output is not a terminal."""


def print_publish_result(result: PublishResult) -> int:
    """Explains on stderr why a run was not published; returns the exit code."""
    if not result.published:
        typer.echo(_("run {run}: {reason}").format(run=result.run_id, reason=result.why), err=True)
    return GatesError.exit_code if result.refused else 0


class WithRefusedFiles(Protocol):
    """A result with refused files."""

    @property
    def refused(self) -> Sequence[RefusedFile]:
        """The files that could not be loaded."""


def print_refused_files(result: WithRefusedFiles) -> None:
    """Lists the refused files on stderr."""
    for file in result.refused:
        text = _("refused: {file}: {reason}: {words}")
        typer.echo(text.format(file=file.name, reason=file.reason, words=file.words), err=True)


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
        typer.echo(_("no tables yet: nothing to migrate"))
        return
    changed = [name for name, done in result.done.items() if done]
    text = _("schema version {old} -> {new}: {n} tables changed")
    typer.echo(text.format(old=result.found, new=SCHEMA_VERSION, n=len(changed)))


def print_monitor_result(job: JobContext, result: MonitorResult) -> None:
    """Prints the errors and alarms of the last scored run."""
    settings = job.config.monitoring
    if result.scored:
        print_monitoring(console(), job.warehouse, result.scored[-1], result.counts, settings.false_share)
        print_override_scores(console(), job.warehouse, result.scored[-1])
    elif result.next_day is not None:
        text = _("Monitoring: the next published week is scored with the sales of {day}.")
        typer.echo(text.format(day=result.next_day))


def print_state(state: State, today: date) -> int:
    """Prints which run is published and how old the sales are; returns the exit code, that of old sales or 0.

    What needs an action goes to stderr: forecasts whose days have passed, and sales that are too old.
    """
    published, gate = state.published, state.freshness
    if published is None:
        typer.echo(_("published: nothing yet"))
    else:
        text = _("published: {run}; valid until {day}")
        typer.echo(text.format(run=_published_words(published), day=published.valid_until))
        days = published.days_expired(today)
        if days:
            number = f"{days:,}"
            found = Message("valid until {day}, {n} days ago", day=published.valid_until, n=number)
            if days == 1:
                found = Message("valid until {day}, 1 day ago", day=published.valid_until)
            remedy = Message("Do not order by them. Deliver the days that are missing, then run again.")
            allowed = Message("valid on {day}", day=today)
            fault = explain(Message("published forecasts"), found, allowed, remedy)
            typer.echo(fault.shown(), err=True)
    if gate.failed:
        remedy = Message("Deliver the days that are missing, then run again.")
        fault = explain(Message("newest complete day of sales"), gate.found, gate.allowed, remedy)
        typer.echo(fault.shown(), err=True)
        return StaleError.exit_code
    if gate.passed:
        text = _("newest complete day of sales: {found}; allowed: {allowed}")
        typer.echo(text.format(found=gate.found, allowed=gate.allowed))
    return 0


def _published_words(published: PublishedState) -> str:
    run = _("run {run} of cutoff {cutoff}").format(run=published.run_id, cutoff=published.cutoff)
    withdrawn = published.withdrawn
    if withdrawn is None:
        return run
    other = _("run {run} of cutoff {cutoff}")
    other = other.format(run=withdrawn.input_fingerprint, cutoff=withdrawn.cutoff)
    text = _("{run}, because {other} was rolled back on {day}")
    return text.format(run=run, other=other, day=published.published_at.date())


def print_challenge(result: ChallengeResult, *, published: bool) -> None:
    """Prints how a challenger compares with the champion, and whether its forecast is published."""
    text = _("Challenger: it runs beside the champion; {comparison}.")
    if published:
        text = _("Challenger: its forecasts are published; {comparison}.")
    typer.echo(text.format(comparison=result.words))
    if result.failure is not None:
        text = _("The challenger failed; the published forecasts are not affected: {reason}")
        typer.echo(text.format(reason=result.failure), err=True)


def report_path(config: Config, output: Path | None) -> Path:
    """Where the report goes: the option, the setting, or the folder of the tables.

    Raises: BadParameter for tables in an object store without either.
    """
    if output is not None or config.report.file is not None:
        return output or Path(str(config.report.file))
    root = config.warehouse.root.removeprefix("file:")
    if ":/" in root:
        text = _("give -o FILE: the tables are in {root}, and the report is a local file")
        raise typer.BadParameter(text.format(root=root))
    return Path(root) / "report.html"


def print_reingested(result: ReingestResult) -> None:
    """Prints the numbers of rejected lines by outcome."""
    text = _(
        "rejected lines: {accepted} accepted now, {others} rejected for other reasons, "
        "{before} rejected as before, {rest} not validated again"
    )
    typer.echo(
        text.format(
            accepted=result.accepted,
            others=result.other_reasons,
            before=result.as_before,
            rest=result.not_validated,
        )
    )


def print_unloaded(result: UnloadResult) -> None:
    """Prints what was taken back, and which files may have repeated lines of it."""
    text = _("{n} lines of {files} taken back")
    typer.echo(text.format(n=f"{result.n_lines:,}", files=", ".join(result.files)))
    typer.echo(_("The next `lepton ingest` reads these files again if they are still under input.path."))
    if result.overlapping:
        listed = ", ".join(result.overlapping)
        text = _(
            "Some lines of {files} were known when they were loaded. If from these files, unload\n"
            "them too: their lines are missing now."
        )
        typer.echo(text.format(files=listed))


def print_rows_to_forget(rows: Mapping[str, int], *, deletes: bool, yes: bool) -> None:
    """Prints which rows will be deleted, or lose a value, before they do."""
    parts = (_("{n} of {table}").format(n=f"{count:,}", table=name) for name, count in rows.items())
    text = _("rows to delete: {rows}") if deletes else _("rows to change: {rows}")
    typer.echo(text.format(rows=_(", ").join(parts) or _("none")))
    typer.echo(_("This also erases earlier versions of all tables that may hold such rows (no time travel)."))
    if not yes:
        typer.echo(_("Nothing was changed. Add --yes to do it for good."))


def console() -> Console:
    """A console as wide as the terminal, or PLAIN_WIDTH columns when the output is not a terminal."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(width=width) if language_tag() == ENGLISH else FoldingConsole(width=width)
