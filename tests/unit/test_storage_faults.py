"""The message for a full disk, missing rights and other storage failures."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from lepton_spark.cli.failures.storage_faults import MESSAGES, storage_fault

AT_WRITE = (
    "An error occurred while calling o9.save. : org.apache.spark.SparkException: [TASK_WRITE_FAILED] "
    "Task failed while writing rows to file:/data/wh/sales. SQLSTATE: 58030\n"
    "Caused by: java.io.IOException: {}"
)
AT_OPEN = "java.io.FileNotFoundException: /data/wh/runs/part-0.parquet ({})\n\tat java.base/java.io"


@pytest.mark.parametrize("cause", MESSAGES)
@pytest.mark.parametrize(
    ("trace", "path"), [(AT_WRITE, "/data/wh/sales"), (AT_OPEN, "/data/wh/runs/part-0.parquet")]
)
def test_storage_failure_is_reported_with_its_path(trace: str, path: str, cause: str) -> None:
    message = storage_fault(RuntimeError(trace.format(cause)))
    assert message is not None
    assert message.startswith(f"storage: found {cause} at {path}; allowed: free space and the right")


def test_storage_failure_without_a_path_is_reported_and_other_failures_are_not() -> None:
    message = storage_fault(OSError(28, "No space left on device"))
    assert message is not None
    assert message.startswith("storage: found No space left on device; allowed:")
    assert storage_fault(ValueError("a path at /data/wh (of no consequence)")) is None


NO_LOG = (
    "An error occurred while calling o2044.execute. : org.apache.spark.sql.delta.DeltaIOException: "
    "[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:{}/_delta_log\n\tat org.apache"
)


@pytest.mark.parametrize(
    ("flags", "blocks", "free", "may_write", "found"),
    [
        (os.ST_RDONLY, 9, 9, False, "Read-only file system"),
        (0, 9, 0, True, "No space left on device"),
        (0, 9, 9, False, "Permission denied"),
        (0, 9, 9, True, "a folder that cannot be created"),
        (0, 0, 0, True, "a folder that cannot be created"),
    ],
)
def test_cause_that_delta_hides_is_found_in_the_file_system(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: int,
    blocks: int,
    free: int,
    may_write: bool,
    found: str,
) -> None:
    examined = []
    system = SimpleNamespace(f_flag=flags, f_blocks=blocks, f_bavail=free)
    monkeypatch.setattr(os, "statvfs", lambda folder: examined.append(folder) or system)
    monkeypatch.setattr(os, "access", lambda folder, _: examined.append(folder) or may_write)
    table = tmp_path / "wh" / "rejects"
    message = storage_fault(RuntimeError(NO_LOG.format(table)))
    assert message is not None
    assert message.startswith(
        f"storage: found {found} at {table}/_delta_log; allowed: free space and the right"
    )
    assert set(examined) == {tmp_path}  # the nearest existing folder


def test_folder_on_an_object_store_is_reported_without_a_cause() -> None:
    message = storage_fault(
        RuntimeError("[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create s3a://wh/rejects/_delta_log")
    )
    assert message is not None
    assert message.startswith(
        "storage: found a folder that cannot be created; allowed: free space and the right"
    )


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        ('UnsupportedFileSystemException: No FileSystem for scheme "foo"', "no file system for foo://"),
        (
            "java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
            "no jar with the file system s3a.S3AFileSystem",
        ),
        ("java.net.UnknownHostException: nohost", "no host nohost"),
    ],
    ids=["scheme", "jar", "host"],
)
def test_store_that_cannot_be_reached_is_named(trace: str, found: str) -> None:
    message = storage_fault(RuntimeError(trace))
    assert message is not None
    assert message.startswith(f"storage: found {found}; allowed: a folder of this machine, or a store")


def test_folder_that_hadoop_cannot_create_is_named(tmp_path: Path) -> None:
    lease = tmp_path / "wh" / "_lease"
    message = storage_fault(RuntimeError(f"IOException: Mkdirs failed to create {lease} (exists=false)"))
    assert message is not None
    assert message.startswith(f"storage: found a folder that cannot be created at {lease}; allowed:")
