"""What monitoring found of the planted faults, after how many weeks, and which alarms were false."""

from collections.abc import Collection
from datetime import date, timedelta

import pandas as pd
from accuracy_parts.console_table import print_rows
from pyspark.sql import functions as F

from lepton_spark.tables import Warehouse
from replay_parts.faults import CLOSED_LOCATION, PROMOTION, SHIFT_FROM, Faults

WEEK = timedelta(days=7)


def print_found(warehouse: Warehouse, faults: Faults) -> None:
    """Prints the tables for docs/monitoring.md."""
    columns = ["segment", "product_id", "location_id", "cutoff", "last_day", "state", "since", "reason"]
    states = ~F.col("state").isin("ok", "unknown")
    rows = warehouse.read("monitoring").where(states).select(*columns, "actual", "forecast").toPandas()
    health = warehouse.read("health").where(states).toPandas()
    products = rows[rows["segment"] == "product"]
    weeks = warehouse.read("monitoring").select("last_day").distinct().orderBy("last_day").toPandas()
    last_days = list(weeks["last_day"])
    print_rows(
        "products with an alarm, by weeks since the change",
        [
            found_by_week("three times as many", products, faults.shifted_up, SHIFT_FROM),
            found_by_week("a third", products, faults.shifted_down, SHIFT_FROM),
            found_by_week("promotion of a week", products, faults.promoted, PROMOTION),
        ],
        180,
    )
    changed = faults.shifted_up | faults.shifted_down | faults.promoted
    print_rows("alarms of other products, by scored week", _others(products, changed, last_days), 180)
    segments = rows[rows["segment"] != "product"].assign(subject=rows["segment"])
    print_rows("segments", episodes(segments), 240)
    print_rows("measures of the shop", episodes(health.assign(subject=health["measure"])), 240)


def found_by_week(name: str, rows: pd.DataFrame, products: Collection[str], begin: date) -> dict[str, object]:
    """Products of which a series has an alarm in so many weeks from the change on."""
    alarms = rows[(rows["state"] == "alarm") & rows["product_id"].isin(products) & (rows["last_day"] > begin)]
    first = alarms.groupby("product_id")["last_day"].min()
    waited = first.map(lambda day: (day - begin).days // 7 + 1)
    row: dict[str, object] = {"change": name, "products": len(products)}
    for weeks in (1, 2, 4, 8, 12, 26):
        row[f"{weeks} weeks"] = int((waited <= weeks).sum())
    return row


def _others(rows: pd.DataFrame, changed: Collection[str], last_days: list[date]) -> list[dict[str, object]]:
    """Series of products that were not changed; those of the closed location apart."""
    alarms = rows[(rows["state"] == "alarm") & ~rows["product_id"].isin(changed)]
    is_closed = alarms["location_id"] == CLOSED_LOCATION
    found = []
    for day in last_days:
        now = alarms["last_day"] == day
        row = {"week to": str(day), "alarms": int((now & ~is_closed).sum())}
        found.append(row | {"closed location": int((now & is_closed).sum())})
    return [row for row in found if row["alarms"] or row["closed location"]]


def episodes(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Weeks in a row in which a subject had one state."""
    found: list[dict[str, object]] = []
    for (subject, state), group in rows.sort_values("last_day").groupby(["subject", "state"]):
        begin = end = None
        for row in group.itertuples():
            if end is None or row.last_day - end > WEEK:
                begin = row.last_day
                entry = {"subject": subject, "state": state, "first week": str(begin), "weeks": 0}
                found.append(entry | {"reason": row.reason})
            end = row.last_day
            found[-1]["weeks"] = (end - begin).days // 7 + 1
    return sorted(found, key=lambda row: (str(row["first week"]), str(row["subject"])))
