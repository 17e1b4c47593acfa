"""Measures of the whole shop."""

from datetime import date, timedelta

import pytest

from lepton_spark.monitoring.health import MEASURES, health_rows, mix, volume
from lepton_spark.panel.calendar import EPOCH, DayVolume

DAY = date(2021, 3, 7)


def _segment(name: str, actual: float | None, forecast: float | None) -> dict[str, object]:
    return {"segment": name, "actual": actual, "forecast": forecast}


def test_mix_is_the_share_of_units_in_other_categories() -> None:
    """Sold 60 and 40 %, forecast 75 and 25 %: 15 % of the units are in the other category."""
    categories = [_segment("category=a", 6.0, 6.0), _segment("category=b", 4.0, 2.0)]
    others = [_segment("all", 10.0, 8.0), _segment("demand_class=smooth", 10.0, 8.0)]
    assert mix([*categories, *others]) == pytest.approx(0.15)
    assert mix(others) == 0.0


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param(_segment("category=a", None, None), id="no known day"),
        pytest.param(_segment("category=a", 0.0, 3.0), id="nothing sold"),
        pytest.param(_segment("category=a", float("inf"), 3.0), id="overflow"),
    ],
)
def test_mix_without_sales_is_unknown(segment: dict[str, object]) -> None:
    assert mix([segment]) is None


def _volumes(lines_by_week: list[int], days: int = 7) -> list[DayVolume]:
    """Weeks up to DAY, the latest last, in two locations; the last one has so many days."""
    end = (DAY - EPOCH).days
    return [
        DayVolume(name, end - 7 * back - day, lines, 1)
        for back, lines in enumerate(reversed(lines_by_week))
        for day in range(days if back == 0 else 7)
        for name in ("x", "y")
    ]


def test_volume_is_lines_per_delivered_day_beside_the_median_of_four_periods() -> None:
    assert volume(_volumes([100, 120, 80, 900, 55]), DAY, 7) == pytest.approx(0.5)
    assert volume(_volumes([100, 120, 80, 900, 55], days=3), DAY, 7) == pytest.approx(0.5)
    assert volume(_volumes([100, 100, 100, 50]), DAY, 7) is None


def _rows(value: float | None, state: str = "ok") -> dict[str, dict[str, object]]:
    since = None if state == "ok" else DAY - timedelta(days=7)
    earlier = [(1.0 + 0.1 * (week % 2), state, since) for week in range(10)]
    names = dict.fromkeys(MEASURES, value)
    made = health_rows(names, dict.fromkeys(MEASURES, earlier), DAY, 0.1)
    return {str(row["measure"]): row for row in made}


def test_rows_have_plausible_bounds_and_words() -> None:
    rows = _rows(0.4)
    found = rows["volume"]
    assert found["state"] == "alarm"
    assert (found["value"], found["since"]) == (0.4, DAY)
    assert found["reason"] == (
        f"a day has 40.0% of the lines of the four periods before; "
        f"{found['low']:.1%} to {found['high']:.1%} is usual"
    )
    assert 0.85 < found["low"] < 1.0 < found["high"] < 1.3  # type: ignore[operator]


@pytest.mark.parametrize("value", [1.05, 3.0], ids=["ok", "alarm"])
def test_rows_hold_plain_numbers_as_spark_rejects_those_of_numpy(value: float) -> None:
    kinds = {type(found) for row in _rows(value).values() for found in row.values()}
    assert kinds <= {float, str, date, type(None)}
    assert float in kinds


def test_bounds_are_values_that_the_measure_can_have() -> None:
    """Ten earlier values of 0.1 and 0.9 in turns have a range from below 0 to above 1."""
    earlier = [(0.1 if week % 2 else 0.9, "ok", None) for week in range(10)]
    names = ("mix", "coverage", "revision")
    made = health_rows(dict.fromkeys(names, 0.5), dict.fromkeys(names, earlier), DAY, 0.1)
    bounds = {row["measure"]: (row["low"], row["high"]) for row in made}
    assert bounds["mix"] == bounds["coverage"] == (0.0, 1.0)
    assert bounds["revision"][1] > 1.0


def test_ratios_are_compared_by_their_logarithm() -> None:
    """Bounds of a ratio are symmetric around the geometric mean of 1 and 1.1, of others around 1.05."""
    rows = _rows(1.0)
    volume, revision = rows["volume"], rows["revision"]
    assert volume["low"] * volume["high"] == pytest.approx(1.1)  # type: ignore[operator]
    assert revision["low"] + revision["high"] == pytest.approx(2.1)  # type: ignore[operator]
    assert (volume["state"], volume["reason"]) == ("ok", None)


@pytest.mark.parametrize("value", [None, float("inf")], ids=["missing", "infinite"])
def test_an_unknown_value_is_an_unknown_state(value: float | None) -> None:
    found = _rows(value)["variance"]
    assert (found["value"], found["low"], found["p_value"], found["state"]) == (None, None, None, "unknown")
    assert str(found["reason"]).startswith("it cannot be measured")


def test_bounds_are_finite_however_much_the_earlier_values_differ() -> None:
    earlier = [(1e-200 if week % 2 else 1e200, "ok", None) for week in range(10)]
    (found,) = health_rows({"variance": 1.0}, {"variance": earlier}, DAY, 0.1)
    assert found["state"] == "ok"
    assert 0.0 <= found["low"] < 1.0 < found["high"] < float("inf")  # type: ignore[operator]
