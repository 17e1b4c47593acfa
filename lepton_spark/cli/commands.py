"""The commands: one for each job, and two that only print."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lepton_spark import __version__
from lepton_spark.cli.job import leased, load, open_job
from lepton_spark.cli.messages import (
    console,
    print_load_messages,
    print_migration,
    print_monitor_result,
    print_publish_result,
    print_refused_files,
    print_reingested,
    print_rows_to_forget,
    print_unloaded,
    refused_files_code,
)
from lepton_spark.cli.options import (
    DEBUG,
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
from lepton_spark.config.show import resolved_lines
from lepton_spark.errors import GatesError
from lepton_spark.pipelines.check import run_check
from lepton_spark.pipelines.forecast.forecast import run_forecast
from lepton_spark.pipelines.ingest.ingest import run_ingest
from lepton_spark.pipelines.ingest.reingest import run_reingest
from lepton_spark.pipelines.ingest.unload import run_unload
from lepton_spark.pipelines.inventory import run_inventory
from lepton_spark.pipelines.maintenance.forget import (
    count_rows,
    customer_subject,
    product_subject,
    run_forget,
)
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.maintenance.migrate import run_migrate
from lepton_spark.pipelines.monitor.monitor import run_monitor
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.publish import run_publish
from lepton_spark.pipelines.publish.rollback import run_rollback
from lepton_spark.pipelines.run import run_all
from lepton_spark.report.console import print_counts, print_gates, print_summary, print_tables
from lepton_spark.report.explanation.chart import require_drawable, write_chart
from lepton_spark.report.explanation.explained import find_explained, published_run
from lepton_spark.report.explanation.page import print_page
from lepton_spark.report.explanation.words import day_of
from lepton_spark.report.orders import print_orders
from lepton_spark.report.summary import summarize

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily sales forecasts for every product of a catalogue, from raw files to Delta tables.",
    epilog=f"Add {DEBUG} to any command to see the traceback of a failure.",
)


@app.callback(invoke_without_command=True)
def version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False
) -> None:
    """Prints the version."""
    if version:
        typer.echo(f"lepton_spark {__version__}")
        raise typer.Exit


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
    print_summary(
        console(),
        summarize(job.warehouse, result.forecast.run_id, result.forecast.models_of),
        result.ingest.counts,
        job.warehouse,
        ahead=job.config.forecast.ahead,
        published=result.publish.published,
    )
    if result.inventory is not None:
        print_orders(console(), job.warehouse, result.inventory.run_id, result.inventory.counts)
    stale = 0 if result.monitoring is None else print_monitor_result(job, result.monitoring)
    raise typer.Exit(print_publish_result(result.publish) or refused_files_code(result.ingest) or stale)


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
    raise typer.Exit(refused_files_code(result))


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
    summary = summarize(job.warehouse, result.run_id, result.models_of)
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
    raise typer.Exit(print_publish_result(result))


@app.command()
def inventory(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Make orders from the published forecasts, the stock levels and the lead times."""
    job = open_job(conf, settings)
    with leased(job, take_over=take_over) as context:
        result = run_inventory(context)
    print_orders(console(), job.warehouse, result.run_id, result.counts)


@app.command()
def monitor(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Compare the published forecasts of past weeks with what was sold, and find products that drift."""
    job = open_job(conf, settings)
    with leased(job, take_over=take_over) as context:
        result = run_monitor(context)
    raise typer.Exit(print_monitor_result(job, result))


@app.command()
def check(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Evaluate all gates on the new files, the loaded sales and the last forecast; write nothing."""
    result = run_check(open_job(conf, settings, cutoff, reads_input=True))
    print_gates(console(), result.gates)
    print_refused_files(result)
    raise typer.Exit(GatesError.exit_code if result.stopping else refused_files_code(result))


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


@app.command()
def maintain(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Delete the rows of old runs, compact small files and vacuum unused ones, as set in `retention`."""
    with leased(open_job(conf, settings), take_over=take_over) as context:
        run_maintain(context)


@app.command()
def forget(
    conf: Files = None,
    settings: Settings = None,
    *,
    product: Annotated[str | None, typer.Option(metavar="ID", help="A product's id in the tables.")] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="A customer's number in the source files.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without this option the rows are only counted.")
    ] = False,
    take_over: TakeOver = False,
) -> None:
    """Erase a product or a customer for good: from all tables, their files and their earlier versions."""
    if (product is None) == (customer is None):
        raise typer.BadParameter("give either --product or --customer")
    with leased(open_job(conf, settings), take_over=take_over) as context:
        subject = (
            product_subject(product) if product is not None else customer_subject(context, str(customer))
        )
        print_rows_to_forget(count_rows(context, subject), yes=yes)
        if yes:
            run_forget(context, subject)


@app.command()
def migrate(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Upgrade the tables of an earlier version of lepton_spark to the current schema; keep all rows."""
    with leased(open_job(conf, settings, migrates=True), take_over=take_over) as context:
        result = run_migrate(context)
    print_migration(result)


@app.command()
def explain(
    product: Annotated[str, typer.Option(metavar="ID", help="A product's id in the tables.")],
    conf: Files = None,
    settings: Settings = None,
    *,
    location: Annotated[
        str | None, typer.Option(metavar="ID", help="Its location; needed if it has several.")
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", metavar="DATE", formats=["%Y-%m-%d"], help="The day to explain."),
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=1, help="The day to explain, by its number; default: 1.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="Also draw all days: .svg, .png or .html.")
    ] = None,
) -> None:
    """Explain the published forecast of a product: its parts, its model and its errors."""
    if output is not None:
        require_drawable(output)
    job = open_job(conf, settings)
    run_id = published_run(job.warehouse)
    run = job.runs.find(run_id)
    full_run_id = run_id if run is None else run.refit_run_id or run_id
    period = 1 if run is None else job.runs.forecast_period(run)
    explained = find_explained(job.warehouse, run_id, full_run_id, product, location, period)
    print_page(console(), explained, day_of(explained, None if day is None else day.date(), step))
    if output is not None:
        write_chart(explained, output)
        typer.echo(f"chart: {output}")


@app.command()
def config(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Print every setting with its source, secrets masked."""
    for key, value, source in resolved_lines(load(conf, settings, cutoff)):
        typer.echo(f"{key}: {value}  # {source}")


@app.command()
def tables(conf: Files = None, settings: Settings = None) -> None:
    """List the tables with the meaning of a row and the key of each."""
    print_tables(console(), load(conf, settings).config.warehouse.root)
