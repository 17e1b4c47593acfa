import numpy as np
import pandas as pd
import pytest

from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.planned import measures_of, plan_lists, planned_days
from lepton_spark.errors import InputError

COLUMNS = Columns("sku", "when", "units")
ALWAYS = -25567.0  # 1900-01-01


def planned(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["sku", "when", "promo", "ad"])
    frame = made.assign(when=pd.to_datetime(made["when"]))
    return planned_days([frame], COLUMNS, ("promo", "ad"), "UTC")


def test_each_planned_day_is_a_plan_of_one_day_in_order() -> None:
    rows = planned(
        ("B", "2021-01-01", 1, 0),
        ("A", "2021-01-03", 0, 0.5),
        ("A", "2021-01-02", 0, 0),
        ("A", "2021-01-01", 1, 1),
    )
    lists = plan_lists(rows).set_index("product_id")["plan"]

    assert lists["A"].tolist() == [18628.0, 18628.0, ALWAYS, 1.0, 1.0, 18630.0, 18630.0, ALWAYS, 0.0, 0.5]
    assert lists["B"].tolist() == [18628.0, 18628.0, ALWAYS, 1.0, 0.0]


def test_nothing_planned_is_no_list() -> None:
    assert plan_lists(planned(("A", "2021-01-02", 0, 0))).empty


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan])
def test_measure_outside_0_to_1_is_an_error(value: float) -> None:
    with pytest.raises(
        InputError, match=r"column 'promo': found 1 values such as .*; allowed: numbers from 0 to 1"
    ):
        planned(("A", "2021-01-02", value, 0))


@pytest.mark.parametrize(
    ("future", "sales", "message"),
    [
        (["sku", "promo"], ["promo"], "future: found no column 'when'"),
        (["sku", "when"], [], "future: found 0 measures"),
        (["sku", "when", *"abcde"], list("abcde"), "found 5 measures; allowed: 'sku', 'when' and 1 to 4"),
        (
            ["sku", "when", "promo"],
            ["units"],
            "data frame: found no column 'promo'; allowed: the measures of future",
        ),
    ],
)
def test_measures_must_be_known_in_the_past_too(future: list[str], sales: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        measures_of(future, COLUMNS, ["sku", "when", *sales])


def test_measures_are_the_columns_beside_the_key() -> None:
    assert measures_of(["when", "promo", "sku", "ad"], COLUMNS, ["sku", "when", "ad", "promo"]) == (
        "promo",
        "ad",
    )
