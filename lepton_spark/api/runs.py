"""`run`: the whole job over tables, and what it has written."""

import warnings
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Self

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.api.frames.settings import Settings, layers_of
from lepton_spark.config import load_config
from lepton_spark.errors import InputError, explain
from lepton_spark.models.registry import known_models
from lepton_spark.operations.opening import open_context
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.explanation import explained_product
from lepton_spark.pipelines.forecast.forecast import run_forecast
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.published_state import published_state
from lepton_spark.pipelines.report import run_report
from lepton_spark.pipelines.run import run_all
from lepton_spark.pipelines.runs.lease import Lease
from lepton_spark.report.console_text import text_of
from lepton_spark.report.explanation.page import print_page
from lepton_spark.report.explanation.words import day_of
from lepton_spark.report.progress import notebook_progress


@dataclass(frozen=True, repr=False)
class Run:
    """A forecast run in the tables; its rows are Spark frames.

    published: whether readers see it. why: why it is published, or why not.
    """

    run_id: str
    cutoff: date
    published: bool
    why: str
    context: JobContext = field(repr=False)

    @classmethod
    def latest(cls, root: str | Path, *, spark: SparkSession | None = None) -> Self:
        """The published run of the tables under a folder. Raises: InputError if nothing is published."""
        loaded = load_config([{"warehouse": {"root": str(root)}}])
        context = open_context(loaded, notebook_progress(), reads_input=False, running=spark)
        state = published_state(context.warehouse, context.runs)
        if state is None:
            found, remedy = "no published run", "Run lepton_spark.run first."
            raise InputError(explain(f"tables in {root}", found, "one", remedy))
        return cls(state.run_id, state.cutoff, True, "it is published", context)

    def forecasts(self) -> DataFrame:
        """One row per series and day ahead; with the overrides of planners if the run is published."""
        return self._rows("latest_forecasts" if self.published else "forecasts")

    def models(self) -> DataFrame:
        """One row per series: its model and how it was chosen."""
        return self._rows("models")

    def metrics(self) -> DataFrame:
        """Errors of the backtest that chose the models, beside those of seasonal naive."""
        run = self.context.runs.find(self.run_id)
        return self._rows("metrics", None if run is None else run.refit_run_id)

    def orders(self) -> DataFrame:
        """One row per series: how much to order, when and why; none without a lead time."""
        return self._rows("inventory")

    def explain(self, product_id: str, location_id: str | None = None) -> str:
        """Why the forecast of a product is what it is, in words.

        Raises: InputError for a product without a forecast, or if the run is not published.
        """
        self._require_published()
        explained = explained_product(self.context, str(product_id), location_id)
        return text_of(lambda console: print_page(console, explained, day_of(explained, None, None)))

    def report(self, path: str | Path) -> Path:
        """Writes the report of the published run as one HTML file.

        Raises: InputError if the run is not published; SetupError without the packages that draw.
        """
        self._require_published()
        return run_report(self.context, Path(path)).path

    def __repr__(self) -> str:
        state = "published" if self.published else f"not published: {self.why}"
        return f"Run({self.run_id}, cutoff {self.cutoff}, {state})"

    def _rows(self, table: str, run_id: str | None = None) -> DataFrame:
        return self.context.warehouse.read(table).where(F.col("run_id") == F.lit(run_id or self.run_id))

    def _require_published(self) -> None:
        state = published_state(self.context.warehouse, self.context.runs)
        if state is None or state.run_id != self.run_id:
            found = "another run that is published" if state else "no published run"
            remedy = "Use Run.latest, or publish this run: lepton_spark.run(config, publish=True)."
            raise InputError(explain(f"run {self.run_id}", found, "the published one", remedy))


def run(
    config: Settings,
    *,
    cutoff: date | str | None = None,
    publish: bool | None = None,
    spark: SparkSession | None = None,
) -> Run:
    """Loads new files, forecasts and publishes, as `lepton run` does, and returns the run.

    Alerts, lineage and figures for Prometheus are for scheduled jobs, which use the command. Refused files
    and other messages of the load are warnings.

    config: settings or files of settings. cutoff: the last day to use, by default the last complete one.
    publish: True: also in place of a later run; False: not at all; None: if the gates allow it.

    Raises: ConfigError, InputError, LeaseError and others, as the command.
    """
    day = None if cutoff is None else str(cutoff)
    loaded = load_config(layers_of(config), known_models=known_models(), cutoff=day)
    context = open_context(loaded, notebook_progress(), reads_input=True, running=spark)
    settings = loaded.config.warehouse
    folder = context.warehouse.lease_folder()
    with Lease(folder, context.clock, settings.dead_after_seconds) as lease:
        job = replace(context, lease=lease)
        if publish is False:
            return _unpublished(job)
        result = run_all(job, force=bool(publish), on_ingested=_warn)
    made = result.shown
    return Run(made.run_id, made.cutoff, result.publish.published, result.publish.why, context)


def _unpublished(context: JobContext) -> Run:
    _warn(run_ingest(context))
    run_panel(context)
    made = run_forecast(context)
    return Run(made.run_id, made.cutoff, False, "publish=False", context)


def _warn(loaded: IngestResult) -> None:
    for words in loaded.warnings:
        warnings.warn(words, stacklevel=4)
    for file in loaded.refused:
        warnings.warn(f"refused: {file.name}: {file.reason}: {file.words}", stacklevel=4)
