"""The commands of the daily work: load, forecast, publish."""

from dataclasses import replace
from typing import Annotated

import typer

from lepton_spark.cli.app import app
from lepton_spark.cli.explaining import print_first_reason
from lepton_spark.cli.job import leased, open_job
from lepton_spark.cli.messages import (
    console,
    print_challenge,
    print_load_messages,
    print_monitor_result,
    print_publish_result,
    print_refused_files,
    print_reingested,
    print_state,
    print_unloaded,
    refused_files_code,
)
from lepton_spark.cli.operators import report_end, write_report
from lepton_spark.cli.options import (
    Accept,
    Cutoff,
    Files,
    Publish,
    Reason,
    Settings,
    TakeOver,
    Verify,
    accepted_files,
)
from lepton_spark.errors import GatesError, StaleError
from lepton_spark.operations.job_end import present_state
from lepton_spark.pipelines.check import run_check
from lepton_spark.pipelines.forecast.forecast import run_forecast
from lepton_spark.pipelines.ingest.ingest import run_ingest
from lepton_spark.pipelines.ingest.reingest import run_reingest
from lepton_spark.pipelines.ingest.unload import run_unload
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.publish import run_publish
from lepton_spark.pipelines.publish.rollback import run_rollback
from lepton_spark.pipelines.run import run_all
from lepton_spark.report.console import print_counts, print_gates, print_summary
from lepton_spark.report.orders import print_orders
from lepton_spark.report.overrides import print_overrides
from lepton_spark.report.summary import summarize


@app.command()
def run(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    publish: Publish = False,
    accept: Accept = None,
    reason: Reason = None,
    verify: Verify = False,
    take_over: TakeOver = False,
) -> None:
    """Run all stages: ingest, panel, forecast, publish, and inventory if a lead time is configured."""
    job = open_job(conf, settings, cutoff, reads_input=True, accepted=accepted_files(accept, reason))
    with leased(replace(job, verify=verify), take_over=take_over) as context:
        result = run_all(context, force=publish, on_ingested=print_load_messages)
    with job.progress.stage("summary"):
        segments = [segment.name for segment in job.config.segments]
        summary = summarize(job.warehouse, result.shown.run_id, result.shown.models_of, segments)
    print_summary(
        console(),
        summary,
        result.ingest.counts,
        job.warehouse,
        ahead=job.config.forecast.ahead,
        published=result.publish.published,
    )
    print_overrides(console(), job.warehouse)
    if result.inventory is not None:
        print_orders(console(), job.warehouse, result.inventory.run_id, result.inventory.counts)
        print_first_reason(job, result.inventory.run_id)
    if result.challenge is not None:
        print_challenge(result.challenge, published=result.challenger_is_published)
    if result.monitoring is not None:
        print_monitor_result(job, result.monitoring)
    state = present_state(context)
    stale = print_state(state, context.clock().date())
    code = print_publish_result(result.publish) or refused_files_code(result.ingest) or stale
    report_end(
        context, code, state, ingest=result.ingest, publish=result.publish, monitoring=result.monitoring
    )
    write_report(job)
    raise typer.Exit(code)


@app.command()
def ingest(
    conf: Files = None,
    settings: Settings = None,
    *,
    accept: Accept = None,
    reason: Reason = None,
    verify: Verify = False,
    take_over: TakeOver = False,
) -> None:
    """Load new files: write their lines to transactions or rejects, and update the daily sales."""
    job = open_job(conf, settings, reads_input=True, accepted=accepted_files(accept, reason))
    with leased(replace(job, verify=verify), take_over=take_over) as context:
        result = run_ingest(context)
    print_counts(console(), result.counts)
    print_load_messages(result)
    code = refused_files_code(result)
    report_end(context, code, ingest=result)
    raise typer.Exit(code)


@app.command()
def reingest(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Validate rejected lines again by the current rules; load those that pass."""
    with leased(open_job(conf, settings), take_over=take_over) as context:
        result = run_reingest(context)
    print_reingested(result)


@app.command()
def unload(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Names or patterns, as in `files`.")],
    conf: Files = None,
    settings: Settings = None,
    *,
    take_over: TakeOver = False,
) -> None:
    """Take the lines of loaded files back, as if the files had not been delivered."""
    with leased(open_job(conf, settings), take_over=take_over) as context:
        result = run_unload(context, files)
    print_unloaded(result)


@app.command()
def panel(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Pack sales into one array for each series and year."""
    with leased(open_job(conf, settings), take_over=take_over) as context:
        run_panel(context)


@app.command()
def forecast(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    take_over: TakeOver = False,
) -> None:
    """Backtest, fit and forecast every series; publish nothing."""
    job = open_job(conf, settings, cutoff)
    with leased(job, take_over=take_over) as context:
        result = run_forecast(context)
    segments = [segment.name for segment in job.config.segments]
    summary = summarize(job.warehouse, result.run_id, result.models_of, segments)
    ahead = job.config.forecast.ahead
    print_summary(console(), summary, {}, job.warehouse, ahead=ahead, published=False)


@app.command()
def publish(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    publish: Publish = False,
    take_over: TakeOver = False,
) -> None:
    """Replace the published forecasts with those of the latest complete run, if it passes the gates."""
    with leased(open_job(conf, settings, cutoff), take_over=take_over) as context:
        result = run_publish(context, force=publish)
    print_overrides(console(), context.warehouse)
    code = print_publish_result(result)
    report_end(context, code, publish=result)
    raise typer.Exit(code)


@app.command()
def check(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Evaluate all gates on the new files, the loaded sales and the last forecast; write nothing."""
    result = run_check(open_job(conf, settings, cutoff, reads_input=True))
    print_gates(console(), result.gates)
    print_refused_files(result)
    stale = StaleError.exit_code if result.stale else 0
    raise typer.Exit(GatesError.exit_code if result.stopping else refused_files_code(result) or stale)


@app.command()
def rollback(
    conf: Files = None,
    settings: Settings = None,
    *,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN_ID",
            help="A complete run; default: the run that was published before the current one.",
        ),
    ] = None,
    take_over: TakeOver = False,
) -> None:
    """Publish an earlier run again, in one commit."""
    with leased(open_job(conf, settings), take_over=take_over) as context:
        result = run_rollback(context, run_id)
    raise typer.Exit(print_publish_result(result.published))
