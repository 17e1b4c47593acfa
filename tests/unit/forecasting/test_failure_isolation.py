import numpy as np
import pandas as pd
import pytest

from lepton_spark.forecasting.failure_isolation import guarded, one_by_one, worker_limits
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.panel.dense import PackedBatch
from tests.unit.forecasting.frames import packed_rows


def _names(packed: PackedBatch) -> pd.DataFrame:
    return pd.DataFrame({"id": packed.product_ids, "sold": [packed.quantity.sum()] * len(packed.product_ids)})


def _reason(packed: PackedBatch, reason: str) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"{packed.product_ids[0]}: {reason}"], "sold": [0.0]})


def test_guarded_works_series_by_series_only_after_a_failure() -> None:
    calls: list[tuple[str, ...]] = []

    def work(packed: PackedBatch) -> pd.DataFrame:
        calls.append(packed.product_ids)
        if "p01" in packed.product_ids:
            raise ValueError("no\nluck")
        return _names(packed)

    packed = packed_batch(packed_rows([[1.0], [2.0], [4.0]]))
    made = guarded(packed, work, _reason)
    assert made["id"].tolist() == ["p00", "p01: ValueError: no luck", "p02"]
    assert made["sold"].tolist() == [1.0, 0.0, 4.0]
    assert made.index.tolist() == [0, 1, 2]
    assert calls == [("p00", "p01", "p02"), ("p00",), ("p01",), ("p02",)]


def test_guarded_calls_its_work_once_where_nothing_fails() -> None:
    calls: list[int] = []

    def work(packed: PackedBatch) -> pd.DataFrame:
        calls.append(len(packed.product_ids))
        return _names(packed)

    made = guarded(packed_batch(packed_rows([[1.0], [2.0]])), work, _reason)
    assert made["id"].tolist() == ["p00", "p01"]
    assert calls == [2]


def test_one_by_one_gives_each_series_its_own_rows() -> None:
    made = one_by_one(packed_batch(packed_rows([[1.0], [2.0, 3.0]])), _names)
    assert made["sold"].tolist() == [1.0, 5.0]


@pytest.mark.parametrize("value", [np.inf, 0.0])
def test_worker_limits_silence_floating_point_warnings(value: float) -> None:
    with worker_limits():
        assert np.isnan(np.array(value) / np.array(value))
