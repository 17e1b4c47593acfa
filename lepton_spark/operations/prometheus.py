"""Writes the figures of a job for the textfile collector of Prometheus' node_exporter."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pyspark.sql import functions as F

from lepton_spark.operations.job_end import JobEnd, State
from lepton_spark.operations.stage_times import StageTime
from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT

log = logging.getLogger(__name__)

SUCCESS = "lepton_last_success_timestamp_seconds"
_REJECTED = "rejected."
_LINES = ("lines_read", "accepted", "already_loaded", "repeat", "skipped", "rejected")


@dataclass(frozen=True)
class Figure:
    """One gauge; values: by the values of its label, or a single one under "" without a label."""

    name: str
    help: str
    values: Mapping[str, float]
    label: str | None = None


def write_prometheus(context: JobContext, end: JobEnd, stages: Iterable[StageTime]) -> list[str]:
    """Replaces `prometheus.file` in one step; returns what failed, in words. No failure is raised."""
    path = context.config.prometheus.file
    if path is None or end.state is None:
        return []
    try:
        figures = [
            *job_figures(end, stages, last_success(path)),
            *_state_figures(end.state, end.at.date(), context),
            *_load_figures(context),
            *_series_figures(context.warehouse, end.state),
        ]
        write_figures(path, figures)
    except Exception as fault:
        log.info("prometheus.file was not written", exc_info=True)
        return [f"prometheus.file: not written: {type(fault).__name__}"]
    return []


def write_figures(path: str, figures: Iterable[Figure]) -> None:
    """Replaces the file with these gauges; those without a value are left out."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # noqa: PLC0415  an optional package

    registry = CollectorRegistry()
    for figure in figures:
        if figure.values:
            names = () if figure.label is None else (figure.label,)
            gauge = Gauge(figure.name, figure.help, names, registry=registry)
            for value_of_label, value in figure.values.items():
                (gauge.labels(value_of_label) if names else gauge).set(value)
    write_to_textfile(path, registry)


def last_success(path: str) -> float | None:
    """The time of the last success as the present file has it."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415  an optional package

    if not Path(path).exists():
        return None
    families = text_string_to_metric_families(Path(path).read_text(encoding="utf-8"))
    samples = (sample for family in families for sample in family.samples)
    return next((sample.value for sample in samples if sample.name == SUCCESS), None)


def job_figures(end: JobEnd, stages: Iterable[StageTime], last_success: float | None) -> Iterator[Figure]:
    """When the job ended, how, and how long its stages took; last_success: of an earlier job."""
    ended = end.at.timestamp()
    yield _one("lepton_last_job_timestamp_seconds", "When the job ended that wrote this file", ended)
    yield _one("lepton_last_job_exit_code", "Exit code of the job that wrote this file", end.exit_code)
    success = ended if end.exit_code == 0 else last_success
    yield _one(SUCCESS, "When a job that writes this file last ended with exit code 0", success)
    seconds: dict[str, float] = {}
    for stage in stages:
        seconds[stage.title] = seconds.get(stage.title, 0.0) + stage.seconds
    yield Figure("lepton_stage_duration_seconds", "Seconds of each stage of this job", seconds, "stage")


def _state_figures(state: State, today: date, context: JobContext) -> Iterator[Figure]:
    newest = context.runs.latest("forecast")
    if newest is not None and newest.cutoff is not None:
        name = "lepton_newest_complete_day_timestamp_seconds"
        yield _one(name, "Start of the newest complete day of sales, UTC", _midnight(newest.cutoff))
        age = (today - newest.cutoff).days
        yield _one("lepton_sales_age_days", "Days from the newest complete day of sales to today", age)
    published = state.published
    if published is not None:
        name = "lepton_published_cutoff_timestamp_seconds"
        yield _one(
            name, "Start of the last day the published run could see, UTC", _midnight(published.cutoff)
        )
        name = "lepton_published_valid_until_timestamp_seconds"
        end = _midnight(published.valid_until + timedelta(days=1))
        yield _one(name, "End of the last day on which the published forecasts may be used, UTC", end)
        is_back = float(published.withdrawn is not None)
        yield _one(
            "lepton_published_rolled_back", "1 if a later run was rolled back to the published", is_back
        )
    passed = {gate.name: float(gate.passed) for gate in state.gates if gate.passed is not None}
    words = "1 if the gate passed in the last publication, 0 if it failed; sales_freshness as of now"
    yield Figure("lepton_gate_passed", words, passed, "gate")


def _load_figures(context: JobContext) -> Iterator[Figure]:
    counts: Mapping[str, int] = next(iter(context.runs.last_load_counts(1)), {})
    lines = {name: float(counts[name]) for name in _LINES if name in counts}
    yield Figure("lepton_last_load_lines", "Lines of the last load by outcome", lines, "outcome")
    rejected = {
        name.removeprefix(_REJECTED): float(count)
        for name, count in counts.items()
        if name.startswith(_REJECTED)
    }
    name = "lepton_last_load_rejected_lines"
    yield Figure(name, "Rejected lines of the last load by reason", rejected, "reason")


def _series_figures(warehouse: Warehouse, state: State) -> Iterator[Figure]:
    """Series of the published run by status, and what monitoring found in the last period that it scored."""
    if state.published is not None:
        of_run = F.col("run_id") == F.lit(state.published.run_id)
        rows = warehouse.read("models").where(of_run).groupBy("status").count().collect()
        statuses = {row["status"]: float(row["count"]) for row in rows}
        yield Figure("lepton_series", "Series of the published run by status", statuses, "status")
    monitoring = warehouse.read("monitoring")
    last = monitoring.agg(F.max("cutoff")).first()
    if last is None or last[0] is None:
        return
    scored = monitoring.where(F.col("cutoff") == F.lit(last[0]))
    by_state = scored.where(F.col("segment") == PRODUCT).groupBy("state").count().collect()
    states = {row["state"]: float(row["count"]) for row in by_state}
    yield Figure("lepton_monitored_series", "Series of the last scored period by state", states, "state")
    yield _one(
        "lepton_monitored_cutoff_timestamp_seconds", "Cutoff of the last scored run", _midnight(last[0])
    )
    total = scored.where(F.col("segment") == "all").select("wape", "bias", "coverage").first()
    for name, words in _RATIOS.items():
        yield _one(f"lepton_monitored_{name}_ratio", words, None if total is None else total[name])


_RATIOS = {
    "wape": "Absolute error over sales of all series in the last scored period",
    "bias": "Forecast less sales over sales of all series in the last scored period",
    "coverage": "Share of days within p10 to p90 of all series in the last scored period",
}


def _one(name: str, words: str, value: float | None) -> Figure:
    """A gauge without labels; none without a value."""
    return Figure(name, words, {} if value is None else {"": float(value)})


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
