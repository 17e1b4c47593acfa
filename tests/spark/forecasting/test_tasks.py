"""Batches in tasks: one exchange for each input of a pass, and as many tasks as were asked for."""

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.score import score
from lepton_spark.pipelines.forecast.tasks import count_cores, in_tasks
from lepton_spark.tables import TABLES
from lepton_spark.tables.conform import nullable_schema
from tests.unit.forecasting.frames import CUTOFF, daily_settings

N_TASKS = 3


@pytest.fixture(scope="module")
def series(spark: SparkSession) -> DataFrame:
    rows = [(number % 8, f"p{number}", "all", CUTOFF - 1, [1.0, 2.0]) for number in range(40)]
    schema = "batch int, product_id string, location_id string, first_day int, quantity array<double>"
    return spark.createDataFrame(rows, schema)


def _plan(rows: DataFrame, capsys: pytest.CaptureFixture[str]) -> str:
    rows.explain()
    return capsys.readouterr().out


def test_passes_exchange_each_input_once(
    spark: SparkSession, series: DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = daily_settings()
    errors = ClassErrors.none(len(settings.evaluation.candidates))
    candidates = spark.createDataFrame([], nullable_schema(TABLES["candidates"]))
    placed, scored = in_tasks(series, N_TASKS), in_tasks(candidates, N_TASKS)
    assert _plan(score(placed, settings), capsys).count("Exchange") == 1
    assert _plan(fit(placed, scored, settings, errors), capsys).count("Exchange") == 2
    assert _plan(score(placed.where("batch < 2"), settings), capsys).count("Exchange") == 1


def test_batch_is_in_the_task_of_its_number(series: DataFrame) -> None:
    placed = in_tasks(series, N_TASKS)
    counted = placed.groupBy("batch").applyInPandas(lambda rows: rows[["batch"]].head(1), "batch int")
    found = counted.select("batch", F.spark_partition_id().alias("task")).collect()
    assert {row["batch"]: row["task"] for row in found} == {batch: batch % N_TASKS for batch in range(8)}


def test_cores_are_those_of_the_session(spark: SparkSession) -> None:
    assert count_cores(spark) == spark.sparkContext.defaultParallelism
