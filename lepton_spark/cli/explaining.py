"""Explains the first product of the printed orders."""

import typer

from lepton_spark.cli.messages import console
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.explanation import explained_product
from lepton_spark.report.explanation.page import print_sentences
from lepton_spark.report.explanation.words import day_of
from lepton_spark.report.orders import first_product


def print_first_reason(job: JobContext, run_id: str) -> None:
    """Explains the next day of the product that the printed orders begin with; nothing without orders."""
    first = first_product(job.warehouse, run_id)
    if first is not None:
        explained = explained_product(job, *first)
        print_sentences(console(), explained, day_of(explained, None, None))
        typer.echo(f"All days, and why this model: lepton explain --product {first[0]} --location {first[1]}")
