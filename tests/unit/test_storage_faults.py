"""What a full disk looks like to whoever ran the command."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from lepton_spark.cli.storage_faults import SIGNS, storage_fault

AT_WRITE = (
    "An error occurred while calling o9.save. : org.apache.spark.SparkException: [TASK_WRITE_FAILED] "
    "Task failed while writing rows to file:/data/wh/sales. SQLSTATE: 58030\n"
    "Caused by: java.io.IOException: {}"
)
AT_OPEN = "java.io.FileNotFoundException: /data/wh/runs/part-0.parquet ({})\n\tat java.base/java.io"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    ("trace", "where"), [(AT_WRITE, "/data/wh/sales"), (AT_OPEN, "/data/wh/runs/part-0.parquet")]
)
def test_storage_at_fault_is_named_with_its_place(trace: str, where: str, sign: str) -> None:
    said = storage_fault(RuntimeError(trace.format(sign)))
    assert said is not None
    assert said.startswith(f"storage: found {sign} at {where}; allowed: room and the right")


def test_storage_at_fault_without_a_place_is_told_and_other_faults_are_not() -> None:
    said = storage_fault(OSError(28, "No space left on device"))
    assert said is not None
    assert said.startswith("storage: found No space left on device; allowed:")
    assert storage_fault(ValueError("a path at /data/wh (of no consequence)")) is None


NO_LOG = (
    "An error occurred while calling o2044.execute. : org.apache.spark.sql.delta.DeltaIOException: "
    "[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:{}/_delta_log\n\tat org.apache"
)


@pytest.mark.parametrize(
    ("flags", "free", "may_write", "found"),
    [
        (os.ST_RDONLY, 9, False, "Read-only file system"),
        (0, 0, True, "No space left on device"),
        (0, 9, False, "Permission denied"),
        (0, 9, True, "a folder that cannot be made"),
    ],
)
def test_where_delta_does_not_say_why_the_system_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, free: int, may_write: bool, found: str
) -> None:
    asked = []
    system = SimpleNamespace(f_flag=flags, f_bavail=free)
    monkeypatch.setattr(os, "statvfs", lambda folder: asked.append(folder) or system)
    monkeypatch.setattr(os, "access", lambda folder, _: asked.append(folder) or may_write)
    table = tmp_path / "wh" / "rejects"
    said = storage_fault(RuntimeError(NO_LOG.format(table)))
    assert said is not None
    assert said.startswith(f"storage: found {found} at {table}/_delta_log; allowed: room and the right")
    assert set(asked) == {tmp_path}  # the nearest folder above that is there


def test_a_folder_that_is_not_of_this_machine_is_told_as_it_is() -> None:
    said = storage_fault(
        RuntimeError("[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create s3a://wh/rejects/_delta_log")
    )
    assert said is not None
    assert said.startswith("storage: found a folder that cannot be made; allowed: room and the right")
