"""Lease files are created by one of several jobs, on a local disk and through Hadoop's builder of files."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from lepton_spark.tables.delta.lease_folder import LeaseFolder

MOUNT = "fs.viewfs.mounttable.leased.link./tables"


@pytest.fixture(params=["local", "other"])
def folder(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LeaseFolder]:
    """A folder on a local disk, by its path and under a scheme that Hadoop does not take for local."""
    (tmp_path / "tables").mkdir()
    if request.param == "local":
        yield LeaseFolder(spark, str(tmp_path / "tables" / "_lease"))
        return
    hadoop = spark._jsc.hadoopConfiguration()
    hadoop.set(MOUNT, f"file://{tmp_path}/tables")
    hadoop.set("fs.viewfs.impl.disable.cache", "true")
    yield LeaseFolder(spark, "viewfs://leased/tables/_lease")
    hadoop.unset(MOUNT)


def test_last_lease_file_is_the_one_with_the_highest_number(folder: LeaseFolder) -> None:
    assert folder.last() is None
    assert folder.last_number() == 0
    folder.heartbeat("0123456789ab").renew()  # twelve digits, but no lease file
    assert folder.last() is None
    for number in (9, 10):
        assert folder.create(number, f"holder {number}")
    last = folder.last()
    assert last is not None
    assert (last.number, last.text) == (10, "holder 10")
    folder.delete_before(10)
    assert folder.last_number() == 10
    assert folder.create(9, "late")  # whoever creates it must look for higher numbers


def test_lease_file_is_created_once_and_keeps_its_text(folder: LeaseFolder) -> None:
    assert folder.create(1, "first, Ω")
    assert not folder.create(1, "second")
    last = folder.last()
    assert last is not None
    assert last.text == "first, Ω"


def test_of_many_jobs_one_creates_a_lease_file_on_a_local_disk(spark: SparkSession, tmp_path: Path) -> None:
    folder = LeaseFolder(spark, str(tmp_path / "_lease"))
    outcomes: list[bool] = []
    barrier = threading.Barrier(4)

    def create(name: str) -> None:
        for number in range(1, 6):
            barrier.wait()
            outcomes.append(folder.create(number, name))

    threads = [threading.Thread(target=create, args=(f"job {name}",)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), len(outcomes)) == (5, 20)


def test_lease_file_that_cannot_be_created_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "_lease").touch()  # a file in place of the folder
    with pytest.raises(Py4JJavaError):
        LeaseFolder(spark, str(tmp_path / "_lease")).create(1, "holder")
