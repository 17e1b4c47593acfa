"""What no run can be faster than: reading the lines alone, and the matrix products of ridge alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from lepton_spark.config import Config
from lepton_spark.models.local.linear_design import COLUMNS
from lepton_spark.session import open_session
from speed_parts.catalogue import N_DAYS, Catalogue
from speed_parts.event_log import CORES, spark_settings, tasks_of
from speed_parts.measures import Rows, Stages, Subject, rows_of

LIMIT = "limit"


def limits(catalogue: Catalogue, scratch: Path, memory: str) -> Rows:
    """Read with Spark into a no-op sink, read with pyarrow, and multiply the sums of ridge, on two cores."""
    spark = open_session(spark_settings(scratch / "events", memory), "limits")
    spark.range(1_000_000).selectExpr("sum(id)").collect()
    n_series, n_lines = catalogue.count()
    pa.set_cpu_count(CORES)
    stages = Stages()
    with stages.stage("read the lines, Spark alone"):
        spark.read.parquet(str(catalogue.history)).write.format("noop").mode("overwrite").save()
    spark.stop()
    with stages.stage("read the lines, pyarrow alone"):
        pq.read_table(catalogue.history)
    with stages.stage("matrix products of one ridge fit, numpy alone"), threadpool_limits(CORES):
        multiply(n_series)
    return rows_of(
        stages.costs, tasks_of(scratch / "events"), Subject(catalogue.n_products, LIMIT, n_series, n_lines)
    )


def multiply(n_series: int) -> None:
    """The sums of squares and products of ridge for every series, batch by batch, of made-up numbers."""
    in_batch, n_columns = Config().forecast.series_per_batch, len(COLUMNS)
    known, sold = np.ones((2, in_batch, N_DAYS))
    squares, design = np.ones((N_DAYS, n_columns * (n_columns + 1) // 2)), np.ones((N_DAYS, n_columns))
    for _ in range(0, n_series, in_batch):
        known @ squares
        sold @ design
