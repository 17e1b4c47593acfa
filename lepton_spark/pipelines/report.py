"""The report: gathers the figures of the published run, and writes them as one HTML file."""

import logging
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.publish.freshness import freshness_gate
from lepton_spark.pipelines.publish.published_state import published_state
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.report.gathered.accuracy import segment_errors
from lepton_spark.report.gathered.changes import find_changes
from lepton_spark.report.gathered.cleaning import find_cleaning
from lepton_spark.report.gathered.manifest import find_manifest
from lepton_spark.report.gathered.monitored import last_monitored
from lepton_spark.report.gathered.orders import find_orders
from lepton_spark.report.gathered.products import embedded_products
from lepton_spark.report.gathered.totals import day_totals
from lepton_spark.report.locations import location_of
from lepton_spark.report.page.figures import (
    Changes,
    Figures,
    Monitored,
    Orders,
    Product,
    PublishedRun,
    Series,
)
from lepton_spark.report.page.render import report_page
from lepton_spark.report.replaced_file import replaced

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportResult:
    """The file, its size in bytes, and how many of the run's series it embeds."""

    path: Path
    n_bytes: int
    n_embedded: int
    n_series: int


def run_report(context: JobContext, path: Path) -> ReportResult:
    """Writes the page; an earlier file is replaced at once, so that a reader sees the old page or the new.

    Raises: InputError if nothing is published; SetupError without the packages that draw.
    """
    with context.stage("report") as stage:
        figures = gather(context)
        text = report_page(figures)
        n_bytes = write_text(path, text)
        stage.note(f"{len(figures.products):,} of {figures.n_series:,} series embedded")
    log.info("run %s: report %s, %d bytes", figures.run.run_id, path, n_bytes)
    return ReportResult(path, n_bytes, len(figures.products), figures.n_series)


def write_text(path: Path, text: str) -> int:
    """Replaces the file in one step; returns its size in bytes."""
    content = text.encode()
    with replaced(path) as aside:
        aside.write_bytes(content)
    return len(content)


def gather(context: JobContext) -> Figures:
    """The figures of the published run. Raises: InputError if nothing is published."""
    warehouse = context.warehouse
    run, published = _published(context)
    before = _published_before(context, run)
    before_id = None if before is None else before.run_id
    statuses = warehouse.read("models").where(F.col("run_id") == F.lit(run.run_id)).groupBy("status").count()
    counts = {row["status"]: row["count"] for row in statuses.collect()}
    orders, monitored = find_orders(warehouse, run.run_id), last_monitored(warehouse)
    changes = _changes(context, run, before)
    cutoff, period = published.cutoff, published.period
    return Figures(
        made_at=context.clock(),
        root=context.config.warehouse.root,
        run=published,
        freshness=freshness_gate(context),
        n_series=sum(counts.values()),
        n_ok=counts.get("ok", 0),
        errors=segment_errors(warehouse, run.run_id),
        totals=day_totals(warehouse, run.run_id, before_id, cutoff, period),
        orders=orders,
        monitored=monitored,
        products=embedded_products(
            warehouse,
            run.run_id,
            run.refit_run_id or run.run_id,
            before_id,
            cutoff,
            period,
            _named(orders, monitored, changes),
        ),
        cleaning=find_cleaning(warehouse, run.run_id),
        changes=changes,
        manifest=find_manifest(warehouse, run.run_id),
    )


def drawn_product(context: JobContext, product: str, location: str | None) -> tuple[Product, PublishedRun]:
    """The published forecast of a product at a location, which may be left out if there is one only.

    Raises: InputError if nothing is published, or for a product or a location without a forecast.
    """
    run, published = _published(context)
    place = location_of(
        context.warehouse.read("latest_forecasts"), product, location, Message("published forecast")
    )
    before = _published_before(context, run)
    (found,) = embedded_products(
        context.warehouse,
        run.run_id,
        run.refit_run_id or run.run_id,
        None if before is None else before.run_id,
        published.cutoff,
        published.period,
        [Series(product, place)],
        most=1,
    )
    return found, published


def _published(context: JobContext) -> tuple[Run, PublishedRun]:
    """The published run, and what readers see of it."""
    state = published_state(context.warehouse, context.runs)
    run = None if state is None else context.runs.find(state.run_id)
    if state is None or run is None:
        remedy = Message("Run `lepton run`, or `lepton publish`, first.")
        raise InputError(
            explain(
                Message("table {name}", name="latest_forecasts"),
                Message("no rows"),
                Message("a published run"),
                remedy,
            )
        )
    of_run = context.runs.publications(run.run_id)
    full = None if run.refit_run_id is None else context.runs.find(run.refit_run_id)
    published = PublishedRun(
        run_id=run.run_id,
        cutoff=state.cutoff,
        valid_until=state.valid_until,
        published_at=state.published_at,
        horizon=run.horizon or context.config.forecast.horizon,
        period=context.runs.forecast_period(run),
        gates=of_run[0].gates if of_run else (),
        models_of=None if full is None else full.cutoff,
    )
    last = next(iter(context.runs.publications()), None)
    if last is not None and last.state == "refused" and last.input_fingerprint != run.run_id:
        failed = tuple(gate for gate in last.gates if gate.failed)
        published = replace(published, refused_cutoff=last.cutoff, refused=failed)
    return run, published


def _published_before(context: JobContext, run: Run) -> Run | None:
    """The complete run that was published last before this one, with forecasts of the same period."""
    for publication in context.runs.publications():
        other = context.runs.find(publication.input_fingerprint or "")
        if other is None or publication.state != "complete" or other.run_id == run.run_id:
            continue
        older = (other.cutoff or date.max) <= (run.cutoff or date.min)
        if older and context.runs.forecast_period(other) == context.runs.forecast_period(run):
            return other
    return None


def _changes(context: JobContext, run: Run, before: Run | None) -> Changes | None:
    if before is None or before.cutoff is None:
        return None
    return find_changes(context.warehouse, run.run_id, before.run_id, before.cutoff)


def _named(orders: Orders, monitored: Monitored | None, changes: Changes | None) -> list[Series]:
    """The series that the page lists by name."""
    named = [order.series for order in (*orders.urgent, *orders.most_demanded)]
    alarms = () if monitored is None else monitored.alarms
    named += [alarm.series for alarm in alarms if alarm.series is not None]
    return named + ([] if changes is None else [change.series for change in changes.largest])
