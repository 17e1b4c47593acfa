"""Figures of a made-up shop, whose product ids are hostile."""

from datetime import UTC, date, datetime
from typing import Any

from lepton_spark.gates import Gate
from lepton_spark.report.page.figures import (
    Adjusted,
    Alarm,
    Change,
    Changes,
    Cleaning,
    DayTotal,
    Figures,
    Manifest,
    Monitored,
    Order,
    Orders,
    Product,
    PublishedRun,
    Reject,
    SegmentErrors,
    Series,
    StageRun,
)

CUTOFF = date(2024, 5, 31)
HOSTILE = Series("</script><script>alert(1)</script>", "all")
COLOUR = Series("@blue", "<b>north</b>")
ELSEWHERE = Series("not embedded", "all")
PASSED = Gate("total_forecast", True, "as usual", "0.3 to 3 times")
FAILED = Gate("no_null", False, "3 rows with a null", "0 rows")
NOT_JUDGED = Gate("sales_freshness", None, "2024-05-31", "any day")


def product(series: Series, **changes: Any) -> Product:
    made: dict[str, Any] = {
        "series": series,
        "model": "pooled",
        "status": "ok",
        "demand_class": "smooth",
        "first_day": date(2024, 5, 30),
        "history": (3.0, None),
        "forecast": (10.126, 20.0),
        "p10": (5.0, 10.0),
        "p50": (10.0, 20.0),
        "p90": (14.0, 31.0),
        "earlier": (9.0, None),
        "value": 60.252,
        "sold": 28.0,
        "wape": 0.25,
        "naive_wape": 0.5,
        "bias": -0.125,
    }
    return Product(**(made | changes))


def order(series: Series) -> Order:
    return Order(series, "Order 12 <units>.", date(2024, 6, 1), 12.0, 0.625, 4.0, 20.0, 3.0, 23.0)


def figures(**changes: Any) -> Figures:
    """Of a run that is current and passed its gates; changes replace single fields."""
    errors = (
        SegmentErrors("all", 3, 84, 0.4, 0.5, 0.7, 0.9, -0.1, 0.8),
        SegmentErrors("demand_class=smooth", 2, 56, 0.3, 0.6, 0.6, 1.0, 0.05, 0.75),
        SegmentErrors("category=<i>tea</i>", 1, 28, 0.9, 0.8, 1.1, 1.0, None, None),
    )
    alarm = Alarm(HOSTILE.label, "alarm", date(2024, 5, 20), "sells twice as much", HOSTILE, 10.0, 20.0)
    made: dict[str, Any] = {
        "made_at": datetime(2024, 6, 1, 6, 30, tzinfo=UTC),
        "root": "/data/tables",
        "run": PublishedRun(
            "r1", CUTOFF, date(2024, 6, 7), datetime(2024, 6, 1, 5, tzinfo=UTC), 2, 1, (PASSED,)
        ),
        "freshness": NOT_JUDGED,
        "n_series": 3,
        "n_ok": 2,
        "errors": errors,
        "totals": (DayTotal(CUTOFF, 30.0, None, 29.0), DayTotal(date(2024, 6, 1), None, 31.5, 30.0)),
        "orders": Orders(
            {"ok": 3},
            2,
            1_234.0,
            99.5,
            4.0,
            (1, 0, 0, 0, 0, 0, 2, 0, 0, 0),
            (order(HOSTILE), order(ELSEWHERE)),
        ),
        "monitored": Monitored(date(2024, 5, 24), CUTOFF, {"alarm": 1, "ok": 2}, (alarm,), errors[:1]),
        "products": (product(HOSTILE), product(COLOUR, value=None, wape=None)),
        "cleaning": Cleaning(
            100,
            90,
            (Reject("sales", "zero_quantity", 10, "quantity: found '0'", '{"q":"<0>"}'),),
            (Adjusted("spike", 2, 1, 90.0, 30.0),),
        ),
        "changes": Changes(
            date(2024, 5, 24), 1, 30.0, 33.0, 1, 0, 2, (Change(HOSTILE, 10.0, 13.0), Change(COLOUR, 9.0, 8.0))
        ),
        "manifest": Manifest(
            "0.1", {"numpy": "2"}, "f1", "s1", '{"a":1}', (StageRun("forecast", "r1", None, None, {}),)
        ),
    }
    return Figures(**(made | changes))
