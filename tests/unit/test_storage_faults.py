"""What a full disk looks like to whoever ran the command."""

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


def test_a_table_whose_log_has_no_place_is_a_fault_of_the_storage() -> None:
    trace = (
        "An error occurred while calling o2044.execute. : org.apache.spark.sql.delta.DeltaIOException: "
        "[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:/data/wh/rejects/_delta_log\n\tat org.apache"
    )
    said = storage_fault(RuntimeError(trace))
    assert said is not None
    assert said.startswith(
        "storage: found a folder that cannot be made at /data/wh/rejects/_delta_log; allowed:"
    )
