"""Finds the explanation of a product's published forecast."""

from lepton_spark.pipelines.context import JobContext
from lepton_spark.report.explanation.explained import Explained, find_explained, published_run


def explained_product(job: JobContext, product: str, location: str | None) -> Explained:
    """The explained forecast of a product in the published run.

    Raises: InputError without a published run, or for a product that it does not know.
    """
    run_id = published_run(job.warehouse)
    run = job.runs.find(run_id)
    full_run_id = run_id if run is None else run.refit_run_id or run_id
    period = 1 if run is None else job.runs.forecast_period(run)
    return find_explained(job.warehouse, run_id, full_run_id, product, location, period)
