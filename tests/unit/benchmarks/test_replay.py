"""The faults that the replay of a year plants, and how it counts what was found."""

from datetime import date, timedelta

import pandas as pd
from replay_parts.faults import (
    CLOSED_LOCATION,
    CLOSING_FROM,
    N_PROMOTED,
    N_SHIFTED,
    OUTAGE,
    PROMOTION,
    SHIFT_FROM,
    Faults,
    plant,
)
from replay_parts.found import episodes, found_by_week

DAY = timedelta(days=1)
PRODUCTS = [f"p{number:03d}" for number in range(120)]
DAYS = [SHIFT_FROM - DAY, SHIFT_FROM, CLOSING_FROM - DAY, CLOSING_FROM, PROMOTION, OUTAGE, OUTAGE + 3 * DAY]


def _sales() -> pd.DataFrame:
    """Thirty units of each product on each day, in the location that closes and in another one."""
    rows = [
        (product, location, day, 30)
        for product in PRODUCTS
        for location in (CLOSED_LOCATION, "other")
        for day in DAYS
    ]
    return pd.DataFrame(rows, columns=["product_id", "location_id", "date", "quantity"])


def test_faults_change_only_their_products_days_and_location() -> None:
    planted, faults = plant(_sales(), nothing=False)
    units = planted[planted["location_id"] == "other"].pivot_table("quantity", "product_id", "date")
    up, down, promoted = faults.shifted_up, faults.shifted_down, faults.promoted
    assert (len(up) + len(down), len(promoted)) == (N_SHIFTED, N_PROMOTED)
    assert not (up | down) & promoted
    assert (units.loc[sorted(up), SHIFT_FROM] == 90).all()
    assert 7 < units.loc[sorted(down), SHIFT_FROM].mean() < 13
    assert (units.loc[sorted(promoted), PROMOTION] == 120).all()
    others = sorted(set(PRODUCTS) - up - down - promoted)
    assert (units.loc[others] == 30).all(axis=None)
    assert (units[SHIFT_FROM - DAY] == 30).all()
    assert OUTAGE not in units.columns
    assert OUTAGE + 3 * DAY in units.columns
    closed = planted[planted["location_id"] == CLOSED_LOCATION]
    assert closed["date"].max() == CLOSING_FROM - DAY


def test_a_clean_replay_has_no_faults() -> None:
    sales = _sales()
    planted, faults = plant(sales, nothing=True)
    assert planted is sales
    assert faults == Faults(frozenset(), frozenset(), frozenset())


def test_products_are_counted_from_their_first_alarm_after_the_change() -> None:
    begin = date(2017, 7, 3)
    rows = pd.DataFrame(
        [
            ("a", "x", begin + 6 * DAY, "alarm"),
            ("a", "y", begin + 13 * DAY, "alarm"),
            ("b", "x", begin + 20 * DAY, "alarm"),
            ("c", "x", begin - DAY, "alarm"),  # before the change
            ("d", "x", begin + 6 * DAY, "watch"),
        ],
        columns=["product_id", "location_id", "last_day", "state"],
    )
    row = found_by_week("change", rows, ["a", "b", "c", "d"], begin)
    assert (row["products"], row["1 weeks"], row["2 weeks"], row["4 weeks"]) == (4, 1, 1, 2)


def test_episodes_are_weeks_in_a_row() -> None:
    first = date(2017, 7, 9)
    rows = pd.DataFrame(
        [("all", "watch", first + week * 7 * DAY, f"week {week}") for week in (0, 1, 3)],
        columns=["subject", "state", "last_day", "reason"],
    )
    assert episodes(rows) == [
        {"subject": "all", "state": "watch", "first week": "2017-07-09", "weeks": 2, "reason": "week 0"},
        {"subject": "all", "state": "watch", "first week": "2017-07-30", "weeks": 1, "reason": "week 3"},
    ]
