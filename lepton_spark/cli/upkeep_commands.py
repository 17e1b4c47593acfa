"""The commands that keep the tables in order, and two that only print."""

from typing import Annotated

import typer

from lepton_spark.cli.app import app
from lepton_spark.cli.job import leased, load, open_job
from lepton_spark.cli.messages import (
    console,
    print_migration,
    print_rows_to_forget,
)
from lepton_spark.cli.options import (
    Cutoff,
    Files,
    Settings,
    TakeOver,
)
from lepton_spark.config.show import resolved_lines
from lepton_spark.config.suggestions import did_you_mean
from lepton_spark.language import shown
from lepton_spark.language import translated as _
from lepton_spark.pipelines.maintenance.forget import (
    count_rows,
    customer_subject,
    planner_subject,
    product_subject,
    run_forget,
)
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.maintenance.migrate import run_migrate
from lepton_spark.report.console import print_columns, print_tables
from lepton_spark.tables import TABLES


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
    planner: Annotated[
        str | None, typer.Option(metavar="NAME", help="The author of overrides, as in the column who.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without this option the rows are only counted.")
    ] = False,
    take_over: TakeOver = False,
) -> None:
    """Erase a product, a customer or a planner's name for good: from all tables and earlier versions."""
    if sum(given is not None for given in (product, customer, planner)) != 1:
        raise typer.BadParameter(_("give either --product or --customer or --planner"))
    with leased(open_job(conf, settings), take_over=take_over) as context:
        if product is not None:
            subject = product_subject(product)
        elif customer is not None:
            subject = customer_subject(context, customer)
        else:
            subject = planner_subject(str(planner))
        print_rows_to_forget(count_rows(context, subject), deletes=subject.column is None, yes=yes)
        if yes:
            run_forget(context, subject)


@app.command()
def migrate(conf: Files = None, settings: Settings = None, *, take_over: TakeOver = False) -> None:
    """Upgrade the tables of an earlier version of lepton_spark to the current schema; keep all rows."""
    with leased(open_job(conf, settings, migrates=True), take_over=take_over) as context:
        result = run_migrate(context)
    print_migration(result)


@app.command()
def config(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Print every setting with its source, secrets masked."""
    for key, value, source in resolved_lines(load(conf, settings, cutoff)):
        typer.echo(f"{key}: {value}  # {source}")


@app.command()
def tables(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A table whose columns to list; default: all tables."),
    ] = None,
    conf: Files = None,
    settings: Settings = None,
) -> None:
    """List the tables with the meaning of a row and the key of each, or the columns of one table."""
    if name is None:
        print_tables(console(), load(conf, settings).config.warehouse.root)
    elif name in TABLES:
        print_columns(console(), TABLES[name])
    else:
        text = _("no table '{name}'; the tables: lepton tables{hint}")
        raise typer.BadParameter(text.format(name=name, hint=shown(did_you_mean(name, TABLES))))
