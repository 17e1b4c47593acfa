"""The two grouped UDFs: packed rows by batch -> `candidates`, and with those -> `fits`."""

import pyarrow as pa
from pyspark.sql import DataFrame

from lepton_spark.evaluation.selection import ClassTable
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import schema_of
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.settings import FitSettings


def score(series: DataFrame, settings: FitSettings, given_up: str | None = None) -> DataFrame:
    """Pass A: the rows of `candidates`, without the run's id; given up: without models, for this reason."""
    work = ScoreBatch(settings, given_up)

    def score_batch(rows: pa.Table) -> pa.Table:
        return work(rows)

    return series.groupBy("batch").applyInArrow(score_batch, schema_of("candidates"))


def fit(
    series: DataFrame,
    candidates: DataFrame,
    settings: FitSettings,
    table: ClassTable,
    given_up: str | None = None,
) -> DataFrame:
    """Pass B: the rows of `fits`, one a series, without the run's id.

    candidates: the run's rows; none where there was nothing to choose. given_up: why only fallbacks are used.
    """
    work = FitBatch(settings, table, given_up)

    def fit_batch(rows: pa.Table, scored: pa.Table) -> pa.Table:
        return work(rows, scored)

    scored = candidates.select("batch", "product_id", "location_id", "model", "windows")
    pairs = series.groupBy("batch").cogroup(scored.groupBy("batch"))
    return pairs.applyInArrow(fit_batch, schema_of("fits"))
