import zlib

import numpy as np
import pandas as pd
import pytest
from two_years import YEAR_DAYS, two_years


@pytest.mark.parametrize("shift", [0, 182], ids=["returning", "shifted"])
def test_sales_of_half_of_the_buyers_are_moved_a_year_back(shift: int) -> None:
    buyers = {zlib.crc32(str(number).encode()) % 2: str(number) for number in range(20)}  # one of each half
    dates = pd.to_datetime(["2020-01-01", "2020-12-29"])  # first and last day of 364
    rows = [
        {"product_id": "a", "date": dates[0], "quantity": 5, "buyer": buyers[0]},
        {"product_id": "a", "date": dates[0], "quantity": 3, "buyer": buyers[1]},
        {"product_id": "a", "date": dates[1], "quantity": 1, "buyer": buyers[1]},
    ]
    panel = two_years("made", pd.DataFrame(rows), shift)
    sold = {int(panel.days[day]): panel.quantity[0, day] for day in np.flatnonzero(panel.quantity[0] > 0)}
    first = int(dates[0].timestamp() // 86_400)
    assert sold == {first - YEAR_DAYS + shift: 5.0, first: 3.0, first + YEAR_DAYS - 1: 1.0}
