"""With Delta's jars in place, a session and a Delta table need no network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CLOSED = "127.0.0.1:9"
"""The discard port, where nothing listens: a proxy request fails at once."""

JOB = """
import socket, sys
from pathlib import Path

connect = socket.socket.connect

def loopback_only(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
        sys.exit(f"reached out to {address}")
    return connect(self, address)

socket.socket.connect = loopback_only

from lepton_spark.config import SparkSettings
from lepton_spark.session import open_session

spark = open_session(SparkSettings(master="local[1]", driver_memory="1g", shuffle_partitions=1), "offline")
spark.range(3).write.format("delta").save(sys.argv[1])
print("rows", spark.read.format("delta").load(sys.argv[1]).count())
spark.stop()
"""


@pytest.mark.slow
def test_session_and_delta_need_no_network_once_set_up(tmp_path: Path) -> None:
    host, _, port = CLOSED.partition(":")
    proxies = " ".join(f"-D{kind}.proxyHost={host} -D{kind}.proxyPort={port}" for kind in ("http", "https"))
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy")
    unreachable = {
        **dict.fromkeys(names, f"http://{CLOSED}"),
        "JAVA_TOOL_OPTIONS": proxies,
        "PIP_INDEX_URL": f"http://{CLOSED}/simple",
        "PYTHONPATH": str(REPOSITORY),
        "SPARK_LOCAL_IP": host,
    }
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYSPARK_", "SPARK_"))
    }

    result = subprocess.run(
        [sys.executable, "-c", JOB, str(tmp_path / "table")],
        cwd=tmp_path,
        env=inherited | unreachable,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.splitlines()[-1] == "rows 3"
    assert "downloading" not in result.stderr
