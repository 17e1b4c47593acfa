"""The commands for planners: what to order, why this number, is it still right, all of it on a page."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lepton_spark.cli.app import app
from lepton_spark.cli.job import leased, load, open_job
from lepton_spark.cli.messages import (
    console,
    print_monitor_result,
    print_state,
    report_path,
)
from lepton_spark.cli.operators import report_end
from lepton_spark.cli.options import (
    Files,
    LocationId,
    ProductId,
    Settings,
    TakeOver,
)
from lepton_spark.operations.job_end import present_state
from lepton_spark.pipelines.explanation import explained_product
from lepton_spark.pipelines.inventory import run_inventory
from lepton_spark.pipelines.monitor.follow import follow_sales
from lepton_spark.pipelines.monitor.monitor import run_monitor
from lepton_spark.pipelines.report import drawn_product, run_report
from lepton_spark.report.explanation.chart import require_drawable, write_chart, write_drawing
from lepton_spark.report.explanation.page import print_page
from lepton_spark.report.explanation.product_page import print_product
from lepton_spark.report.explanation.recent import weeks_sold
from lepton_spark.report.explanation.words import day_of
from lepton_spark.report.model_history.history import find_history
from lepton_spark.report.model_history.page import print_history
from lepton_spark.report.orders import print_orders
from lepton_spark.report.page.drawn_product import product_chart
from lepton_spark.report.page.render import require_packages
from lepton_spark.report.run_diff.diff import compare_runs
from lepton_spark.report.run_diff.page import print_diff


@app.command()
def inventory(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Make orders from the published forecasts, the stock levels and the lead times."""
    job = open_job(conf, settings)
    with leased(job, take_over=take_over) as context:
        result = run_inventory(context)
    print_orders(console(), job.warehouse, result.run_id, result.counts)
    print_state(present_state(context), context.clock().date())


@app.command()
def explain(
    product: ProductId,
    conf: Files = None,
    settings: Settings = None,
    *,
    location: LocationId = None,
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
    explained = explained_product(job, product, location)
    print_page(console(), explained, day_of(explained, None if day is None else day.date(), step))
    if output is not None:
        write_chart(explained, output)
        typer.echo(f"chart: {output}")


@app.command()
def show(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="A product's id in the tables.")],
    conf: Files = None,
    settings: Settings = None,
    *,
    location: LocationId = None,
) -> None:
    """Show a product on one page: sales of the last weeks, the published forecast, its band, and why."""
    job = open_job(conf, settings)
    explained = explained_product(job, product, location)
    print_product(console(), explained, weeks_sold(job.warehouse, explained))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the beginning of one.")],
    after: Annotated[str, typer.Argument(metavar="RUN", help="The run to compare it with.")],
    conf: Files = None,
    settings: Settings = None,
) -> None:
    """Show what changed from one forecast run to another: in total and by product, and why."""
    job = open_job(conf, settings)
    print_diff(console(), compare_runs(job.warehouse, before, after))


@app.command()
def report(
    conf: Files = None,
    settings: Settings = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="Default: report.file, else report.html beside the tables."),
    ] = None,
) -> None:
    """Write the published forecasts, orders, errors and alarms as one HTML file that needs no network."""
    require_packages()
    path = report_path(load(conf, settings).config, output)
    result = run_report(open_job(conf, settings), path)
    typer.echo(
        f"report: {result.path} ({result.n_bytes / 1e6:.1f} MB, {result.n_embedded:,} of "
        f"{result.n_series:,} products to search)"
    )


@app.command()
def plot(
    product: ProductId,
    output: Annotated[Path, typer.Option("-o", metavar="FILE", help="A .svg, .png or .html file.")],
    conf: Files = None,
    settings: Settings = None,
    *,
    location: LocationId = None,
) -> None:
    """Draw the sales and the published forecast of a product."""
    require_drawable(output)
    found, run = drawn_product(open_job(conf, settings), product, location)
    write_drawing(product_chart(found, run.cutoff, run.period), output)
    typer.echo(f"chart: {output}")


@app.command()
def models(
    product: ProductId,
    conf: Files = None,
    settings: Settings = None,
    *,
    location: LocationId = None,
) -> None:
    """Show the models of a product over the runs that are kept: errors, changes and why."""
    job = open_job(conf, settings)
    print_history(console(), find_history(job.warehouse, product, location))


@app.command()
def monitor(
    conf: Files = None,
    settings: Settings = None,
    *,
    take_over: TakeOver = False,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Do nothing unless `sales` changed since the last time.")
    ] = False,
    follow: Annotated[
        int | None, typer.Option(min=1, metavar="SECONDS", help="Go on, and look for changes so often.")
    ] = None,
) -> None:
    """Compare the published forecasts of past weeks with what was sold, and find products that drift."""
    job = open_job(conf, settings)
    codes = [0]

    def once() -> None:
        with leased(job, take_over=take_over) as context:
            result = run_monitor(context)
        print_monitor_result(job, result)
        state = present_state(context)
        codes.append(print_state(state, context.clock().date()))
        report_end(context, codes[-1], state, monitoring=result)

    if if_changed or follow is not None:
        follow_sales(job, once, follow)
    else:
        once()
    raise typer.Exit(codes[-1])
