"""Finds the explanation of a product's published forecast."""

import typer

from lepton_spark.cli.messages import console
from lepton_spark.language import translated as _
from lepton_spark.pipelines.context import JobContext
from lepton_spark.report.explanation.explained import Explained, find_explained, published_run
from lepton_spark.report.explanation.page import print_sentences
from lepton_spark.report.explanation.words import day_of
from lepton_spark.report.orders import first_product


def explained_product(job: JobContext, product: str, location: str | None) -> Explained:
    """The explained forecast of a product in the published run.

    Raises: InputError without a published run, or for a product that it does not know.
    """
    run_id = published_run(job.warehouse)
    run = job.runs.find(run_id)
    full_run_id = run_id if run is None else run.refit_run_id or run_id
    period = 1 if run is None else job.runs.forecast_period(run)
    return find_explained(job.warehouse, run_id, full_run_id, product, location, period)


def print_first_reason(job: JobContext, run_id: str) -> None:
    """Explains the next day of the product that the printed orders begin with; nothing without orders."""
    first = first_product(job.warehouse, run_id)
    if first is not None:
        explained = explained_product(job, *first)
        print_sentences(console(), explained, day_of(explained, None, None))
        command = f"lepton explain --product {first[0]} --location {first[1]}"
        typer.echo(_("All days, and why this model: {command}").format(command=command))
