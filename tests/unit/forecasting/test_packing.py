import numpy as np
import pandas as pd
import pytest

from lepton_spark.forecasting.packing import nullable, packed_batch, rows_of, single
from lepton_spark.panel.dense import PackedBatch
from tests.unit.forecasting.frames import packed_rows, with_lists

NAN = np.nan


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two years of a@north with a gap between them, one of a@south and one of b@north, in no order."""
    return pd.DataFrame(
        {
            "batch": 3,
            "product_id": ["b", "a", "a", "a"],
            "location_id": ["north", "north", "south", "north"],
            "first_day": np.array([7, 20, 9, 5], dtype=np.int32),
            "quantity": [np.array([9.0]), np.array([3.0, NAN]), np.array([4.0]), np.array([1.0, 2.0, 0.0])],
        }
    )


def _assert_packed(packed: PackedBatch) -> None:
    assert packed.product_ids == ("a", "a", "b")
    assert packed.location_ids == ("north", "south", "north")
    assert packed.series.tolist() == [0, 0, 1, 2]
    assert packed.first_day.tolist() == [5, 20, 9, 7]
    assert packed.offsets.tolist() == [0, 3, 5, 6, 7]
    np.testing.assert_array_equal(packed.quantity, [1.0, 2.0, 0.0, 3.0, NAN, 4.0, 9.0])


def test_packed_batch_sorts_series_by_key_and_years_by_day(rows: pd.DataFrame) -> None:
    packed = packed_batch(rows)
    _assert_packed(packed)
    assert packed.covariates == {}
    assert packed.series_begin.tolist() == [5, 9, 7]
    assert (packed.first_day.dtype, packed.quantity.dtype) == (np.int64, np.float64)


@pytest.mark.parametrize("seed", range(5))
def test_packed_batch_does_not_depend_on_the_order_of_rows(rows: pd.DataFrame, seed: int) -> None:
    _assert_packed(packed_batch(rows.sample(frac=1.0, random_state=seed)))


def test_packed_batch_finds_the_series_of_each_list() -> None:
    rows = with_lists(
        packed_rows([[1.0]] * 3), stock_outs={"p02": [5.0, 6.0], "p00": [7.0]}, delisted={"p01": [9.0]}
    )
    packed = packed_batch(rows)
    assert packed.product_ids == ("p00", "p01", "p02")
    assert packed.quantity.tolist() == [1.0, 1.0, 1.0]
    assert sorted(packed.covariates) == ["delisted", "stock_outs"]
    stock_outs = packed.covariates["stock_outs"]
    assert (stock_outs.series.tolist(), stock_outs.values.tolist()) == ([0, 2, 2], [7.0, 5.0, 6.0])
    assert packed.covariates["delisted"].series.tolist() == [1]


def test_packed_batch_ignores_lists_of_series_without_sales() -> None:
    rows = with_lists(packed_rows([[1.0]] * 2), prior={"p01": [4.0, 0.5, 9.0], "unknown": [8.0, 1.0, 9.0]})
    packed = packed_batch(rows)
    assert packed.product_ids == ("p00", "p01")
    assert packed.covariates["prior"].series.tolist() == [1, 1, 1]
    assert packed.covariates["prior"].values.tolist() == [4.0, 0.5, 9.0]


def test_packed_batch_keeps_an_empty_list_column_as_no_lists() -> None:
    rows = packed_rows([[1.0]] * 2).assign(plan=None)
    plan = packed_batch(rows).covariates["plan"]
    assert (plan.series.tolist(), plan.values.tolist()) == ([], [])


def test_single_is_one_series_with_its_years_and_lists(rows: pd.DataFrame) -> None:
    listed = pd.DataFrame(
        {
            "product_id": ["a", "a", "b"],
            "location_id": ["north", "south", "north"],
            "stock_outs": [np.array([6.0, 21.0]), np.array([9.0]), None],
        }
    )
    packed = packed_batch(pd.concat([rows, listed], ignore_index=True))
    first, second, third = (single(packed, position) for position in range(3))
    assert (first.product_ids, first.location_ids) == (("a",), ("north",))
    assert (first.first_day.tolist(), first.series.tolist()) == ([5, 20], [0, 0])
    assert first.offsets.tolist() == [0, 3, 5]
    np.testing.assert_array_equal(first.quantity, [1.0, 2.0, 0.0, 3.0, NAN])
    assert first.covariates["stock_outs"].values.tolist() == [6.0, 21.0]
    assert first.covariates["stock_outs"].series.tolist() == [0, 0]
    assert (second.location_ids, second.first_day.tolist()) == (("south",), [9])
    assert (second.offsets.tolist(), second.quantity.tolist()) == ([0, 1], [4.0])
    assert second.covariates["stock_outs"].values.tolist() == [9.0]
    assert (third.product_ids, third.quantity.tolist()) == (("b",), [9.0])
    assert third.covariates["stock_outs"].values.tolist() == []


def test_rows_of_a_matrix_are_arrays() -> None:
    rows = rows_of(np.array([[1.0, 2.0], [3.0, NAN]]))
    assert [type(row) for row in rows] == [np.ndarray, np.ndarray]
    np.testing.assert_array_equal(rows[1], [3.0, NAN])


def test_rows_of_three_dimensions_are_lists_of_arrays() -> None:
    rows = rows_of(np.arange(12).reshape(2, 3, 2))
    assert [type(row) for row in rows] == [list, list]
    assert [level.tolist() for level in rows[1]] == [[6, 7], [8, 9], [10, 11]]


def test_nullable_integers_keep_their_type_beside_a_null() -> None:
    series = nullable([4, -1, 0], null=-1)
    assert series.dtype == "Int64"
    assert series.isna().tolist() == [False, True, False]
    assert [series[0], series[2]] == [4, 0]
