"""Errors by segment on the test window, beside those of seasonal naive."""

from pyspark.sql import functions as F

from lepton_spark.report.page.figures import SegmentErrors
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.error_tables import STANDARD


def segment_errors(warehouse: Warehouse, run_id: str) -> tuple[SegmentErrors, ...]:
    """One row per segment of a run, all series first: classes, categories, locations, configured segments."""
    of_run = (F.col("run_id") == F.lit(run_id)) & (F.col("split") == "test")
    compared = F.col("model").isin("chosen", "seasonal_naive", STANDARD)
    rows = warehouse.read("metrics_summary").where(of_run & compared).collect()
    found = {(row["segment"], row["model"]): row.asDict() for row in rows}
    segments = sorted({segment for segment, _ in found}, key=lambda name: (name != "all", name))
    return tuple(
        _errors(name, *(found.get((name, model), {}) for model in ("chosen", "seasonal_naive", STANDARD)))
        for name in segments
    )


def _errors(
    segment: str, chosen: dict[str, float], naive: dict[str, float], standard: dict[str, float]
) -> SegmentErrors:
    return SegmentErrors(
        segment=segment,
        n_series=int(chosen.get("n_series") or 0),
        n_obs=int(chosen.get("n_obs") or 0),
        wape=chosen.get("wape"),
        naive_wape=naive.get("wape"),
        rmsse=chosen.get("rmsse"),
        naive_rmsse=naive.get("rmsse"),
        bias=chosen.get("bias"),
        coverage=chosen.get("coverage"),
        standard_rmsse=standard.get("rmsse"),
    )
