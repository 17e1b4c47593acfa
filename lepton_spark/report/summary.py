"""A summary of a forecast run from its tables: products by status, errors by demand class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.error_tables import SEGMENT, STANDARD

_CLASS = "demand_class="
_SEGMENT = f"{SEGMENT}="


@dataclass(frozen=True)
class ClassError:
    """Errors of the chosen models and of seasonal naive on the test window; None without observations."""

    demand_class: str
    n_series: int
    rmsse: float | None
    naive_rmsse: float | None
    wape: float | None
    naive_wape: float | None
    bias: float | None
    value_added: float | None


@dataclass(frozen=True)
class SegmentGain:
    """What a configured segment gained: RMSSE on the test window beside that of the standard portfolio.

    n_series: all of its series. n_tested: those with a test window. None without observations.
    """

    name: str
    n_series: int
    n_tested: int
    rmsse: float | None
    standard_rmsse: float | None

    @property
    def gain(self) -> float | None:
        """The share by which the error is lower than the standard portfolio's; below 0 where it is higher."""
        if self.rmsse is None or not self.standard_rmsse:
            return None
        return 1.0 - self.rmsse / self.standard_rmsse


@dataclass(frozen=True)
class Summary:
    """A run in a few figures; every count but `n_products` is of series.

    n_short: series with a chosen model that are too young for a backtest. fallbacks: number by reason.
    models_of: cutoff of the full run whose models the run keeps and whose errors these are; None: its own.
    segments: the configured ones, in their order.
    """

    run_id: str
    n_products: int
    n_series: int
    n_ok: int
    n_short: int
    n_obsolete: int
    fallbacks: Mapping[str, int]
    errors: tuple[ClassError, ...]
    models_of: date | None = None
    segments: tuple[SegmentGain, ...] = ()

    @property
    def n_fallback(self) -> int:
        """Series that got a fallback instead of their chosen model."""
        return sum(self.fallbacks.values())


def summarize(
    warehouse: Warehouse, run_id: str, models_of: date | None = None, segments: Sequence[str] = ()
) -> Summary:
    """The figures of a complete run; collects a few rows.

    models_of: cutoff of the full run whose models the run keeps; None for a full run.
    segments: the names of the configured segments.
    """
    statuses = _statuses(warehouse, run_id)
    fallbacks = {reason: count for (status, reason), count in statuses.items() if status == "fallback"}
    return Summary(
        run_id,
        n_products=_n_products(warehouse, run_id),
        n_series=sum(statuses.values()),
        n_ok=_count(statuses, "ok"),
        n_short=_count(statuses, "short_history"),
        n_obsolete=_count(statuses, "obsolete"),
        fallbacks=dict(sorted(fallbacks.items(), key=lambda item: (-item[1], item[0]))),
        errors=_errors(warehouse, run_id),
        models_of=models_of,
        segments=segment_gains(warehouse, run_id, segments) if segments else (),
    )


def segment_gains(warehouse: Warehouse, run_id: str, names: Sequence[str]) -> tuple[SegmentGain, ...]:
    """What each configured segment gained in a run, in their order; one without series has none."""
    of_run = F.col("run_id") == F.lit(run_id)
    mine = F.col("segment").isin([f"{_SEGMENT}{name}" for name in names])
    sizes = warehouse.read("group_forecasts").where(of_run & mine & (F.col("step") == 1))
    n_series = {row["segment"]: row["n_series"] for row in sizes.select("segment", "n_series").collect()}
    compared = F.col("model").isin("chosen", STANDARD) & (F.col("split") == "test")
    rows = warehouse.read("metrics_summary").where(of_run & mine & compared).collect()
    found = {(row["segment"], row["model"]): row.asDict() for row in rows}
    gains = []
    for name in names:
        segment = f"{_SEGMENT}{name}"
        chosen, standard = found.get((segment, "chosen"), {}), found.get((segment, STANDARD), {})
        n_tested = int(chosen.get("n_series") or 0)
        figures = (chosen.get("rmsse"), standard.get("rmsse"))
        gains.append(SegmentGain(name, int(n_series.get(segment, 0)), n_tested, *figures))
    return tuple(gains)


def _count(statuses: Mapping[tuple[str, str], int], status: str) -> int:
    return sum(count for (found, _), count in statuses.items() if found == status)


def _statuses(warehouse: Warehouse, run_id: str) -> dict[tuple[str, str], int]:
    """Number of series by status and reason code; details after the colon of a reason are left out."""
    models = warehouse.read("models").where(F.col("run_id") == F.lit(run_id))
    code = F.substring_index(F.coalesce("reason", F.lit("no reason given")), ":", 1)
    groups = models.groupBy("status", code.alias("code")).count().collect()
    return {(row["status"], row["code"]): row["count"] for row in groups}


def _n_products(warehouse: Warehouse, run_id: str) -> int:
    models = warehouse.read("models").where(F.col("run_id") == F.lit(run_id))
    return int(models.agg(F.count_distinct("product_id").alias("n")).collect()[0]["n"])


def _errors(warehouse: Warehouse, run_id: str) -> tuple[ClassError, ...]:
    """One for each demand class, by name, then one for all classes together."""
    of_run = (F.col("run_id") == F.lit(run_id)) & (F.col("split") == "test")
    shown = (F.col("segment") == "all") | F.col("segment").startswith(_CLASS)
    compared = F.col("model").isin("chosen", "seasonal_naive")
    rows = warehouse.read("metrics_summary").where(of_run & shown & compared).collect()
    found = {(row["segment"], row["model"]): row.asDict() for row in rows}
    segments = sorted({segment for segment, _ in found}, key=lambda name: (name == "all", name))
    return tuple(
        _class_error(segment, found.get((segment, "chosen"), {}), found.get((segment, "seasonal_naive"), {}))
        for segment in segments
    )


def _class_error(segment: str, chosen: Mapping[str, float], naive: Mapping[str, float]) -> ClassError:
    return ClassError(
        segment.removeprefix(_CLASS),
        n_series=int(chosen.get("n_series") or 0),
        rmsse=chosen.get("rmsse"),
        naive_rmsse=naive.get("rmsse"),
        wape=chosen.get("wape"),
        naive_wape=naive.get("wape"),
        bias=chosen.get("bias"),
        value_added=chosen.get("value_added"),
    )
