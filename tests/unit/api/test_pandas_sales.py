from datetime import date

import numpy as np
import pandas as pd
import pytest

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.pandas_sales import PandasSales, pandas_sales
from lepton_spark.api.frames.rejected_rows import require_few
from lepton_spark.config import InputSettings
from lepton_spark.errors import InputError, LossError

COLUMNS = Columns("sku", "when", "units")
TODAY = date(2021, 1, 9)


def frame(*rows: tuple[object, str, float | None]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["sku", "when", "units"])
    return made.assign(when=pd.to_datetime(made["when"]), note=range(len(rows)))


def read(rows: pd.DataFrame, **settings: object) -> PandasSales:
    return pandas_sales(rows, COLUMNS, InputSettings(**settings), TODAY)  # type: ignore[arg-type]


def daily(sales: PandasSales) -> dict[tuple[str, int], float | None]:
    """Quantity by product and day of January; None = unknown."""
    assert not sales.daily[["product_id", "location_id", "day"]].duplicated().any()
    rows = sales.daily[["product_id", "day", "quantity"]].itertuples(index=False, name=None)
    return {(product, day - 18627): None if np.isnan(units) else units for product, day, units in rows}


def test_each_row_is_a_figure_and_returned_units_are_none_sold() -> None:
    sales = read(frame(("A", "2021-01-01", 2.5), ("A", "2021-01-02", -3), ("B", "2021-01-01", 0)))

    assert daily(sales) == {("A", 1): 2.5, ("A", 2): 0.0, ("B", 1): 0.0}
    assert sales.rejects.empty
    assert set(sales.daily["location_id"]) == {"all"}


def test_rows_that_do_not_count_are_returned_with_all_their_columns_and_the_first_reason() -> None:
    rows = frame(
        (None, "2021-01-01", None),
        ("A", None, 1),
        ("A", "1989-12-31", 1),
        ("A", "2021-01-10", 1),
        ("A", "2021-01-02", None),
        ("A", "2021-01-09", 1),
    )
    sales = read(rows)

    assert sales.rejects["reason"].to_dict() == {
        0: "missing_product_id",
        1: "unparsable_date",
        2: "implausible_date",
        3: "future_date",
        4: "unparsable_quantity",
    }
    assert sales.rejects["note"].tolist() == [0, 1, 2, 3, 4]
    assert sales.rejects["message"].iloc[3] == "when: allowed: days up to 2021-01-09"


def test_day_of_a_rejected_row_is_unknown_unless_its_date_is_impossible() -> None:
    sales = read(frame(("A", "2021-01-02", None), ("A", "2021-01-02", 4), ("A", "2021-01-10", 1)))

    assert daily(sales) == {("A", 2): None}


def test_different_figures_of_a_day_are_rejected_and_equal_ones_count_once() -> None:
    rows = frame(
        *(("A", "2021-01-01", units) for units in (1, 2)), *(("B", "2021-01-01", 3) for _ in range(2))
    )
    sales = read(rows)

    assert daily(sales) == {("A", 1): None, ("B", 1): 3.0}
    assert sales.rejects["reason"].tolist() == ["conflicting_day"] * 2
    assert "df.groupby(['sku', 'when'], as_index=False)['units'].sum()" in sales.rejects["message"].iloc[0]


def test_figures_of_a_day_are_added_on_request_without_returned_units() -> None:
    rows = frame(*(("A", "2021-01-01", units) for units in (0.1, 0.2, -5)))

    assert daily(read(rows, conflicts="sum")) == {("A", 1): 0.3}


def test_ids_are_the_callers_own() -> None:
    sales = read(frame((7, "2021-01-01", 1), (7, "2021-01-02", 1), (12, "2021-01-01", 1)))

    assert sales.ids["sku"].to_dict() == {"12": 12, "7": 7}


def test_locations_are_series_of_their_own() -> None:
    rows = frame(("A", "2021-01-01", 1), ("A", "2021-01-01", 2)).assign(shop=["x", None])
    sales = pandas_sales(rows, Columns("sku", "when", "units", "shop"), InputSettings(), TODAY)

    assert sales.daily["location_id"].tolist() == ["x"]
    assert sales.rejects["reason"].tolist() == ["missing_location_id"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns("product", "when", "units"), "no column 'product'; allowed: one of 'sku', 'when', 'units'"),
        (Columns("sku", "sku", "units"), "found 'sku' twice; allowed: each column once"),
    ],
)
def test_wrong_names_are_errors_that_list_the_columns(columns: Columns, message: str) -> None:
    with pytest.raises(InputError, match=message):
        pandas_sales(frame(("A", "2021-01-01", 1)), columns, InputSettings(), TODAY)


def test_result_columns_may_not_be_the_callers() -> None:
    with pytest.raises(InputError, match=r"a column 'model'.*df.rename\(columns=\{'model': 'my_model'\}\)"):
        Columns("model", "when", "units").require_free(["model", "forecast"])


def test_few_rejected_rows_are_a_warning_and_many_are_an_error() -> None:
    with pytest.warns(UserWarning, match="2 of 100 rows that do not count: future_date 2; see .rejects"):
        require_few({"future_date": 2}, 100, 0.05)
    with pytest.raises(LossError, match=r"6 of 100 rows.*allowed: 5% \(gates.max_lost_share\)"):
        require_few({"future_date": 2, "unparsable_date": 4}, 100, 0.05)
    with pytest.raises(InputError, match="no row that counts"):
        require_few({"future_date": 3}, 3, 1.0)
    require_few({}, 3, 0.0)
