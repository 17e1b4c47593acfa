from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from lepton_spark.api.frames.typed_columns import codes, days, numbers
from lepton_spark.errors import InputError

NEW_YEAR = 18628  # 2021-01-01, days since 1970-01-01


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1001, 7], ["1001", "7"]),
        ([1001.0, np.nan], ["1001", None]),
        (["007", " A1 ", "", None], ["007", "A1", None, None]),
        (["12.0", "A.0"], ["12", "A.0"]),
        (pd.Categorical(["a", None]), ["a", None]),
        (pd.array([3, None], dtype="Int64"), ["3", None]),
        (pd.array(["x"], dtype="string[pyarrow]"), ["x"]),
    ],
)
def test_codes_are_texts_as_a_load_reads_them(column: object, expected: list[str | None]) -> None:
    assert codes(pd.Series(column)).tolist() == expected


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.to_datetime(["2021-01-01 18:30", None])),
        pd.Series([date(2021, 1, 1), None]),
        pd.Series(pd.to_datetime(["2020-12-31 22:00", None], utc=True)),
        pd.Series(pd.array([date(2021, 1, 1), None], dtype="date32[pyarrow]")),
    ],
)
def test_days_are_those_of_the_business(column: pd.Series) -> None:
    found = days(column, "Asia/Shanghai")

    assert found.iloc[0] == NEW_YEAR
    assert found.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1, -2], [1.0, -2.0]),
        ([0.5, np.inf, -np.inf, np.nan, 1e12], [0.5, None, None, None, None]),
        ([Decimal("2.35"), None], [2.35, None]),
        (pd.array([3, None], dtype="Int64"), [3.0, None]),
        ([None, None], [None, None]),
    ],
)
def test_numbers_are_finite_or_missing(column: object, expected: list[float | None]) -> None:
    assert [None if np.isnan(value) else value for value in numbers(pd.Series(column))] == expected


@pytest.mark.parametrize(
    ("convert", "column", "message"),
    [
        (
            numbers,
            ["1,5"],
            r"column 'c': found string such as '1,5'; allowed: numbers. Convert it: pd.to_numeric",
        ),
        (numbers, [True], "column 'c': found boolean"),
        (
            lambda column: days(column, "UTC"),
            ["2021-01-31"],
            r"allowed: dates. Convert it: pd.to_datetime\(df\['c'\]",
        ),
        (lambda column: days(column, "UTC"), [20210131], "column 'c': found integer such as np.int64"),
        (codes, [True], r"allowed: text or whole numbers. Convert it: df\['c'\].astype\(str\)"),
        (codes, pd.to_datetime(["2021-01-31"]), "column 'c': found datetime64"),
    ],
)
def test_column_of_another_type_is_an_error_with_the_remedy(convert, column, message) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    with pytest.raises(InputError, match=message):
        convert(pd.Series(column, name="c"))
