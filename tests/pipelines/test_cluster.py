"""A standalone cluster of two workers: the shipped package runs in both, and a run survives losing one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from tests.java_options import SMALL_PLANS
from tests.pipelines.cluster import (
    REPOSITORY,
    build_package,
    executor_killed_when,
    standalone_cluster,
    submit,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

SEED = 20211
N_PRODUCTS, N_DAYS = 24, 120
SMALL = {
    "spark.sql.shuffle.partitions": "3",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    **SMALL_PLANS,
}
"""Settings of the cluster: in its 200 default partitions, these products would take minutes."""


@dataclass(frozen=True)
class Cluster:
    """The master's URL, the working folder of the workers, and the package to ship."""

    master: str
    folder: Path
    package: Path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    package = build_package(tmp_path_factory.mktemp("package"))
    with standalone_cluster(folder) as master:
        yield Cluster(master, folder, package)


def write_sales(path: Path) -> None:
    """Poisson demand with a weekday pattern; some products are sparse; closed on Sundays."""
    chance = np.random.default_rng(SEED)
    level = np.exp(chance.normal(0.5, 1.2, N_PRODUCTS))
    lines = ["date,product_id,quantity"]
    for n in range(N_DAYS):
        day = date(2021, 1, 1) + timedelta(days=n)
        if day.weekday() == 6:
            continue
        sold = chance.poisson(level * (1 + 0.4 * (day.weekday() == 5)))
        lines += [f"{day},p{product:03d},{units}" for product, units in enumerate(sold) if units]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def rows(root: Path, table: str, columns: list[str]) -> list[dict[str, object]]:
    found = DeltaTable(str(root / table)).to_pyarrow_table().select(columns).to_pylist()
    return sorted(found, key=lambda row: tuple(str(row[column]) for column in columns))


def test_grouped_udf_runs_in_both_workers_from_the_shipped_package(cluster: Cluster, tmp_path: Path) -> None:
    table = str(tmp_path / "totals")
    job = Path(__file__).parent / "cluster_job.py"
    ended = submit(cluster.master, job, [table], package=cluster.package)

    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    rows = DeltaTable(table).to_pyarrow_table().sort_by("g").to_pylist()
    assert [(row["g"], row["total"]) for row in rows] == [(0, 1200), (1, 1225), (2, 1250), (3, 1275)]
    assert all("lepton_spark.zip/" in row["package"] for row in rows)
    assert len({row["folder"] for row in rows}) == 2, "both workers took part"
    assert all(row["folder"].startswith(str(cluster.folder)) for row in rows)


def test_run_that_loses_an_executor_gives_the_forecasts_of_local_mode_to_the_bit(
    spark: SparkSession,  # noqa: ARG001 - the command takes the running session
    cluster: Cluster,
    tmp_path: Path,
) -> None:
    write_sales(tmp_path / "sales.csv")
    settings = {
        "input.path": tmp_path / "sales.csv",
        "forecast.models": "[pooled, shrunk_weekday, mean]",
        "forecast.series_per_batch": 6,
        "forecast.horizon": 14,
    }
    common = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    local, remote = tmp_path / "local", tmp_path / "remote"
    assert main(["run", *common, "--set", f"warehouse.root={local}"]) == 0

    def is_fitting() -> bool:
        return any(remote.glob("fits/**/*.parquet"))

    arguments = [*common, "--set", f"warehouse.root={remote}"]
    with executor_killed_when(cluster.folder, is_fitting) as killed:
        job = REPOSITORY / "jobs" / "run.py"
        ended = submit(cluster.master, job, arguments, package=cluster.package, confs=SMALL)

    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert len(killed) == 1
    assert "Lost executor" in ended.stderr
    published = ["product_id", "date", "forecast", "p05", "p50", "p95", "model", "status", "run_id"]
    ours = rows(local, "latest_forecasts", published)
    assert len(ours) == N_PRODUCTS * 14
    assert rows(remote, "latest_forecasts", published) == ours
    hashes = ["product_id", "forecast_hash", "model", "margin"]
    assert rows(remote, "models", hashes) == rows(local, "models", hashes)
