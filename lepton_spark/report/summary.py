"""A summary of a forecast run from its tables: products by status, errors by demand class."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from lepton_spark.tables import Warehouse

_CLASS = "demand_class="


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
class Summary:
    """A run in a few figures; every count but `n_products` is of series.

    n_short: series with a chosen model that are too young for a backtest. fallbacks: number by reason.
    models_of: cutoff of the full run whose models the run keeps and whose errors these are; None: its own.
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

    @property
    def n_fallback(self) -> int:
        """Series that got a fallback instead of their chosen model."""
        return sum(self.fallbacks.values())


def summarize(warehouse: Warehouse, run_id: str, models_of: date | None = None) -> Summary:
    """The figures of a complete run; collects a few rows.

    models_of: cutoff of the full run whose models the run keeps; None for a full run.
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
    )


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
