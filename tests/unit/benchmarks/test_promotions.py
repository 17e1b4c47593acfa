import numpy as np
import pandas as pd
from accuracy_parts.datasets import Panel
from accuracy_parts.promotions import by_day, plans, weeks_of


def _days(first: str, n_days: int) -> np.ndarray:
    start = (np.datetime64(first) - np.datetime64("1970-01-01")).astype(int)
    return start + np.arange(n_days)


def test_first_week_is_one_day_and_others_begin_on_mondays() -> None:
    assert weeks_of(_days("2017-01-01", 9)).tolist() == [1, 2, 2, 2, 2, 2, 2, 2, 3]


def test_shares_are_of_the_stores_with_any_promotion_that_week() -> None:
    panel = Panel("journey", ("7", "9"), _days("2017-01-01", 9), np.ones((2, 9)))
    table = pd.DataFrame(
        {
            "product_id": [7, 7, 9, 7, 5, 9],
            "store_id": [1, 2, 3, 1, 4, 3],
            "display_location": ["9", "0", "3", "9", "1", "5"],  # store 3 has product 9 in two places
            "mailer_location": ["0", "A", "0", "0", "0", "0"],
            "week": [2, 2, 2, 3, 2, 2],
        }
    )
    rows = plans(table).set_index(["product_id", "start_date"])
    assert rows.loc[(7, "2017-01-02")].tolist() == [0.25, 0.25, "2017-01-08"]
    assert rows.loc[(7, "2017-01-09")].tolist() == [1.0, 0.0, "2017-01-15"]
    planned = by_day(panel, table)
    assert planned[0, :, 0].tolist() == [0.0, *[0.25] * 7, 1.0]
    assert planned[0, :, 1].tolist() == [0.0, *[0.25] * 7, 0.0]
    assert planned[1, :, 0].tolist() == [0.0, *[0.25] * 7, 0.0]
