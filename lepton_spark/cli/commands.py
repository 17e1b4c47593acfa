"""The commands: one for each job, and those that only show."""

from typing import Annotated

import typer

from lepton_spark import __version__
from lepton_spark.cli.job import Job, clock, load, privacy_key
from lepton_spark.cli.messages import (
    GATES_REFUSED,
    console,
    refusal_code,
    tell_forgetting,
    tell_migrated,
    tell_refused,
    tell_reingested,
    told,
)
from lepton_spark.cli.options import DEBUG, Cutoff, Files, Publish, Settings, TakeOver
from lepton_spark.config.show import resolved_lines
from lepton_spark.pipelines import check as checking
from lepton_spark.pipelines import panel as packing
from lepton_spark.pipelines import run as running
from lepton_spark.pipelines.forecast import forecast as forecasting
from lepton_spark.pipelines.ingest import ingest as ingesting
from lepton_spark.pipelines.ingest import reingest as judging_again
from lepton_spark.pipelines.maintenance import forget as forgetting
from lepton_spark.pipelines.maintenance import maintain as upkeep
from lepton_spark.pipelines.maintenance import migrate as moving
from lepton_spark.pipelines.publish import publish as publishing
from lepton_spark.pipelines.publish import rollback as turning_back
from lepton_spark.report.console import print_counts, print_gates, print_summary, print_tables
from lepton_spark.report.summary import summarise

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily sales forecasts for every product of a catalogue, from raw files to Delta tables.",
    epilog=f"Add {DEBUG} to any command to see the traceback of a failure.",
)


@app.callback(invoke_without_command=True)
def version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False
) -> None:
    """Answers --version."""
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
    take_over: TakeOver = False,
) -> None:
    """All stages: ingest, panel, forecast, publish."""
    with Job(conf, settings, cutoff, reads_input=True, take_over=take_over) as job:
        result = running.run(
            job.spark,
            job.config,
            None,
            clock,
            privacy_key(),
            force=publish,
            progress=job.progress,
            tell=tell_refused,
        )
    summary = summarise(job.warehouse, result.forecast.run_id)
    print_summary(
        job.console,
        summary,
        result.ingest.counts,
        job.warehouse,
        ahead=job.config.forecast.ahead,
        published=result.publish.published,
    )
    raise typer.Exit(told(result.publish) or refusal_code(result.ingest))


@app.command()
def ingest(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    take_over: TakeOver = False,
) -> None:
    """Loads the files that are new: lines to transactions, rejects, sales."""
    with Job(conf, settings, cutoff, reads_input=True, take_over=take_over) as job:
        result = ingesting.ingest(job.spark, job.config, clock, privacy_key(), job.progress)
    print_counts(job.console, result.counts)
    tell_refused(result)
    raise typer.Exit(refusal_code(result))


@app.command()
def reingest(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Judges what was rejected again, by the rules as they are now; lines that pass are loaded."""
    with Job(conf, settings, None, take_over=take_over) as job:
        result = judging_again.reingest(job.spark, job.config, clock, job.progress)
    tell_reingested(result)


@app.command()
def panel(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    take_over: TakeOver = False,
) -> None:
    """Packs sales into one array a series and year."""
    with Job(conf, settings, cutoff, take_over=take_over) as job:
        packing.update_panel(job.spark, job.config, clock, job.progress)


@app.command()
def forecast(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    take_over: TakeOver = False,
) -> None:
    """Fits, backtests and forecasts every series; publishes nothing."""
    with Job(conf, settings, cutoff, take_over=take_over) as job:
        result = forecasting.forecast(job.spark, job.config, None, clock, job.progress)
    summary, ahead = summarise(job.warehouse, result.run_id), job.config.forecast.ahead
    print_summary(job.console, summary, {}, job.warehouse, ahead=ahead, published=False)


@app.command()
def publish(
    conf: Files = None,
    settings: Settings = None,
    cutoff: Cutoff = None,
    *,
    publish: Publish = False,
    take_over: TakeOver = False,
) -> None:
    """Replaces the published forecasts by the last complete run's, once the gates let it pass."""
    with Job(conf, settings, cutoff, take_over=take_over) as job:
        asked = job.config.forecast.cutoff
        result = publishing.publish(
            job.spark, job.config, None, clock, cutoff=asked, force=publish, progress=job.progress
        )
    raise typer.Exit(told(result))


@app.command()
def check(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Runs all gates on what is delivered, loaded and forecast; writes nothing."""
    job = Job(conf, settings, cutoff, reads_input=True)
    result = checking.check(job.spark, job.config, clock, privacy_key(), job.progress)
    print_gates(job.console, [(gate.name, gate.passed, gate.found, gate.allowed) for gate in result.gates])
    tell_refused(result)
    raise typer.Exit(GATES_REFUSED if result.stopping else refusal_code(result))


@app.command()
def rollback(
    conf: Files = None,
    settings: Settings = None,
    *,
    run_id: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN_ID", help="A complete run; default: the last but one."),
    ] = None,
    take_over: TakeOver = False,
) -> None:
    """Publishes an earlier run again, in one commit."""
    with Job(conf, settings, None, take_over=take_over) as job:
        result = turning_back.rollback(job.spark, job.config, run_id, clock, job.progress)
    raise typer.Exit(told(result.published))


@app.command()
def maintain(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Deletes rows of old runs, joins small files and deletes those of the past, within `retention`."""
    with Job(conf, settings, None, take_over=take_over) as job:
        upkeep.maintain(job.spark, job.config, job.progress)


@app.command()
def forget(
    conf: Files = None,
    settings: Settings = None,
    *,
    product: Annotated[
        str | None, typer.Option(metavar="ID", help="A product's code, as the tables have it.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="A customer's number, as the source writes it.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it only says what would go.")
    ] = False,
    take_over: TakeOver = False,
) -> None:
    """Removes a product or a customer from all tables, their files and their time travel, for good."""
    if (product is None) == (customer is None):
        raise typer.BadParameter("give one of --product and --customer")
    with Job(conf, settings, None, take_over=take_over) as job:
        key = privacy_key()
        subject = (
            forgetting.product(product)
            if product is not None
            else forgetting.customer(str(customer), job.config, key)
        )
        tell_forgetting(forgetting.count_rows(job.spark, job.config, subject), yes=yes)
        if yes:
            forgetting.forget(job.spark, job.config, subject, clock, job.progress)


@app.command()
def migrate(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Moves the tables of an earlier version of lepton_spark on to the present one; no row is lost."""
    with Job(conf, settings, None, take_over=take_over, migrates=True) as job:
        result = moving.migrate(job.warehouse, job.progress)
    tell_migrated(result)


@app.command()
def config(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Prints every setting with the file it came from, secrets masked."""
    for key, value, source in resolved_lines(load(conf, settings, cutoff)):
        typer.echo(f"{key}: {value}  # {source}")


@app.command()
def tables(conf: Files = None, settings: Settings = None) -> None:
    """Lists the tables, what a row of each means, and its key."""
    print_tables(console(), load(conf, settings, None).config.warehouse.root)
