from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.spark.cluster import build_package, standalone_cluster, submit


@pytest.mark.cluster
@pytest.mark.slow
def test_cluster_runs_grouped_udf_and_writes_delta(tmp_path: Path) -> None:
    package = build_package(tmp_path / "package")
    table = str(tmp_path / "totals")

    with standalone_cluster(tmp_path / "cluster") as master:
        ended = submit(master, Path(__file__).parent / "cluster_job.py", [table], package=package)

    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    rows = DeltaTable(table).to_pyarrow_table().sort_by("g").to_pylist()
    assert [(row["g"], row["total"]) for row in rows] == [(0, 1200), (1, 1225), (2, 1250), (3, 1275)]
    assert all("lepton_spark.zip/" in row["package"] for row in rows)
    assert len({row["folder"] for row in rows}) == 2, "both workers took part"
    assert all(row["folder"].startswith(str(tmp_path / "cluster")) for row in rows)
