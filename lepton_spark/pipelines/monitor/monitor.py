"""The monitoring job: scores published runs whose period is over, and finds series that drift."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.monitoring.errors import as_products, backtest_wapes, segment_errors, with_ratios
from lepton_spark.monitoring.scoring import with_drift
from lepton_spark.monitoring.states import alarm_limit, with_states
from lepton_spark.panel.calendar import DayVolume, day_volumes, epoch_day
from lepton_spark.panel.cutoff import cutoff_of_run
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.known_covariates import read_known_covariates
from lepton_spark.pipelines.monitor.due_periods import Period, due_periods, next_day
from lepton_spark.pipelines.monitor.health import write_health
from lepton_spark.pipelines.monitor.override_scores import score_overrides
from lepton_spark.pipelines.monitor.segments import with_segment_states
from lepton_spark.pipelines.monitor.series import locations_of, of_run, series_of
from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)

TABLE = "monitoring"


@dataclass(frozen=True)
class MonitorResult:
    """The runs that were scored now, the earliest first, and the series by state in the last one.

    next_day: the last day of the next period that will be scored; None if nothing is published for it.
    """

    scored: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    next_day: date | None = None


def run_monitor(context: JobContext, last_day: date | None = None) -> MonitorResult:
    """Scores the published runs whose period is over and was not scored before.

    Sales count as they are known now. A period that was scored is never scored again.

    last_day: the last complete day of sales; None: it is found in `sales`.

    Raises: InputError for a covariate that was never loaded.
    """
    if context.runs.latest("forecast") is None:
        return MonitorResult()
    sales = context.warehouse.read("sales")
    last_day = last_day or _last_complete_day(context.config, day_volumes(sales))
    periods, counts = due_periods(context, last_day), {}
    volumes = day_volumes(sales) if periods else []
    for period in periods:
        with context.stage("monitor") as stage:
            counts = _score(context, period, volumes)
            stage.note(f"week to {period.last_day}: {_listed(counts)}")
    scored = tuple(period.run.run_id for period in periods)
    return MonitorResult(scored, counts, next_day(context))


def _last_complete_day(config: Config, volumes: list[DayVolume]) -> date:
    settings = config.forecast.model_copy(update={"cutoff": None})
    return cutoff_of_run(volumes, config.panel, settings, by_lines=config.input.kind == "transactions")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))


def _score(context: JobContext, period: Period, volumes: list[DayVolume]) -> dict[str, int]:
    """Writes the rows of a period; returns the number of series by state."""
    covariates = read_known_covariates(context.warehouse, context.config, period.last_day)
    locations = locations_of(context, period, volumes)
    errors = series_of(context, period, covariates, locations)
    score_overrides(context, period, covariates, locations)  # before the rows that mark the period as scored
    horizon = period.run.horizon or period.n_steps
    with ExitStack() as cached:
        keep = cached.enter_context
        series = keep(persisted(with_drift(errors, horizon, epoch_day(period.last_day))))
        limit = alarm_limit(series, context.config.monitoring.false_share)
        products = as_products(with_states(series, limit, period.last_day))
        sums = keep(persisted(segment_errors(series, has_locations=len(locations.names) > 1)))
        segments = with_segment_states(context, period, sums, locations)
        of_series, of_segments = _backtest(context, period)
        products = products.join(of_series, [*SERIES_KEY], "left")
        segments = segments.join(of_segments, "segment", "left")
        rows = with_ratios(products.unionByName(segments, allowMissingColumns=True))
        write_health(context, period, with_ratios(sums), volumes)
        context.warehouse.replace(TABLE, _of_period(rows, period), f"run_id = '{period.run.run_id}'")
        counts = products.groupBy("state").count().collect()
    log.info("run %s scored to %s: %s", period.run.run_id, period.last_day, counts)
    return {row["state"]: row["count"] for row in counts}


def _backtest(context: JobContext, period: Period) -> tuple[DataFrame, DataFrame]:
    """The backtest errors of series and of segments."""
    metrics, summary = (
        of_run(context.warehouse, name, period.errors_from) for name in ("metrics", "metrics_summary")
    )
    return backtest_wapes(metrics, summary)


def _of_period(rows: DataFrame, period: Period) -> DataFrame:
    same = {"run_id": period.run.run_id, "cutoff": period.cutoff, "last_day": period.last_day}
    return rows.withColumns({name: F.lit(value) for name, value in same.items()})
