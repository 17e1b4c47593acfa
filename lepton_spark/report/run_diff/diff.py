"""Compares the forecasts of two runs on the days that both forecast; a few rows are collected."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.report.run_diff.recorded import Recorded, changed_settings, recorded_run
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

MOST_CHANGES = 10
"""Series that are listed."""


@dataclass(frozen=True)
class SeriesChange:
    """A series in both runs, in units of the shared days.

    expected, sold: what the earlier run forecast for the days between the cutoffs, and what was sold on them;
    None where the cutoffs are the same.
    """

    product_id: str
    location_id: str
    before: float
    after: float
    model_before: str
    model_after: str
    expected: float | None
    sold: float | None


@dataclass(frozen=True)
class RunDiff:
    """Two runs compared; totals are those of the series in both, on the days from `first` to `last`."""

    before: Recorded
    after: Recorded
    settings: tuple[tuple[str, object, object], ...]
    first: date
    last: date
    n_shared: int
    n_new: int
    n_gone: int
    n_other_model: int
    total_before: float
    total_after: float
    changes: tuple[SeriesChange, ...]


def compare_runs(warehouse: Warehouse, before_id: str, after_id: str) -> RunDiff:
    """What changed from one run to another; ids may be shortened.

    Raises: InputError for an unknown run, or runs without a day that both forecast.
    """
    before, after = recorded_run(warehouse, before_id), recorded_run(warehouse, after_id)
    old, new = _forecasts(warehouse, before), _forecasts(warehouse, after)
    first, last = _shared_days(old, new, before, after)
    shared = F.col("date").between(F.lit(first), F.lit(last))
    sums = _by_series(old.where(shared), "before").join(
        _by_series(new.where(shared), "after"), [*SERIES_KEY], "full_outer"
    )
    counts = sums.agg(*_counts()).collect()[0]
    return RunDiff(
        before,
        after,
        tuple(changed_settings(before, after)),
        first,
        last,
        **{name: int(counts[name]) for name in ("n_shared", "n_new", "n_gone", "n_other_model")},
        total_before=counts["total_before"] or 0.0,
        total_after=counts["total_after"] or 0.0,
        changes=_largest(warehouse, sums, old, before, after),
    )


def _forecasts(warehouse: Warehouse, run: Recorded) -> DataFrame:
    return warehouse.read("forecasts").where(F.col("run_id") == F.lit(run.run_id))


def _shared_days(old: DataFrame, new: DataFrame, before: Recorded, after: Recorded) -> tuple[date, date]:
    bounds = [
        rows.agg(F.min("date").alias("first"), F.max("date").alias("last")).collect()[0]
        for rows in (old, new)
    ]
    for run, bound in zip((before, after), bounds, strict=True):
        if bound["first"] is None:
            remedy = Message(
                "Its rows were deleted by `lepton maintain`; retention.runs sets how many runs are kept."
            )
            raise InputError(
                explain(
                    Message("run {run}", run=run.run_id),
                    Message("no rows in {name}", name="forecasts"),
                    Message("a kept run"),
                    remedy,
                )
            )
    first, last = max(bound["first"] for bound in bounds), min(bound["last"] for bound in bounds)
    if first > last:
        found = Message(
            "cutoffs {before} and {after}, so no day that both forecast",
            before=before.cutoff,
            after=after.cutoff,
        )
        raise InputError(
            explain(
                Message("the runs"), found, Message("horizons that overlap"), Message("Compare closer runs.")
            )
        )
    return first, last


def _by_series(rows: DataFrame, name: str) -> DataFrame:
    return rows.groupBy(*SERIES_KEY).agg(F.sum("forecast").alias(name), F.min("model").alias(f"model_{name}"))


def _counts() -> list[Column]:
    both = F.col("before").isNotNull() & F.col("after").isNotNull()
    return [
        F.count_if(both).alias("n_shared"),
        F.count_if(F.col("before").isNull()).alias("n_new"),
        F.count_if(F.col("after").isNull()).alias("n_gone"),
        F.count_if(both & (F.col("model_before") != F.col("model_after"))).alias("n_other_model"),
        F.sum(F.when(both, F.col("before"))).alias("total_before"),
        F.sum(F.when(both, F.col("after"))).alias("total_after"),
    ]


def _largest(
    warehouse: Warehouse, sums: DataFrame, old: DataFrame, before: Recorded, after: Recorded
) -> tuple[SeriesChange, ...]:
    """The series that changed by most units, with what was sold on the days between the cutoffs."""
    size = F.abs(F.col("after") - F.col("before"))
    changed = sums.where(size > 0).orderBy(size.desc(), *SERIES_KEY).limit(MOST_CHANGES)
    between = (F.col("date") > F.lit(before.cutoff)) & (F.col("date") <= F.lit(after.cutoff))
    expected = old.where(between).groupBy(*SERIES_KEY).agg(F.sum("forecast").alias("expected"))
    sold = warehouse.read("sales").where(between).groupBy(*SERIES_KEY).agg(F.sum("quantity").alias("sold"))
    rows = changed.join(expected, [*SERIES_KEY], "left").join(sold, [*SERIES_KEY], "left").collect()
    has_new_days = after.cutoff > before.cutoff
    found = [_series_change(row, has_new_days=has_new_days) for row in rows]
    return tuple(
        sorted(found, key=lambda one: (-abs(one.after - one.before), one.product_id, one.location_id))
    )


def _series_change(row: Row, *, has_new_days: bool) -> SeriesChange:
    names = ("before", "after", "model_before", "model_after")
    return SeriesChange(
        **{name: row[name] for name in (*SERIES_KEY, *names)},
        expected=row["expected"] if has_new_days else None,
        sold=(row["sold"] or 0.0) if has_new_days else None,
    )
