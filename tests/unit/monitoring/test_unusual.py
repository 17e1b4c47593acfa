"""Figures that are unusual after those of earlier periods."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from lepton_spark.monitoring.unusual import Earlier, Judgement, judged

DAY = date(2021, 3, 7)
VALUES = (0.1, -0.1, 0.0, 0.2, -0.2, 0.1, -0.1, 0.0)
"""Mean 0; sum of squares 0.12, so a standard deviation of sqrt(0.12 / 7)."""


def _earlier(values: Sequence[float], state: str = "ok", since: date | None = None) -> list[Earlier]:
    return [Earlier(value, state, since) for value in values]


def _judged(
    value: float, earlier: Sequence[Earlier], least: float = 0.0, false_share: float = 0.1
) -> Judgement:
    return judged({"a": value}, {"a": earlier}, DAY, {"a": least}, false_share)["a"]


def test_p_value_is_that_of_a_further_value() -> None:
    found = _judged(0.3, _earlier(VALUES))
    deviation = np.sqrt(0.12 / 7.0 * (1.0 + 1.0 / 8.0))
    assert found.p_value == pytest.approx(2.0 * (1.0 - stats.t(7).cdf(0.3 / deviation)))
    assert found.high == pytest.approx(3.4995 * deviation, rel=1e-4)  # t of 7 degrees of freedom at 0.995
    assert (found.low, found.state, found.since) == (pytest.approx(-found.high), "ok", None)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param(0.45, "ok", id="inside"),
        pytest.param(0.55, "watch", id="one in a hundred"),
        pytest.param(-0.55, "watch", id="one in a hundred, below"),
        pytest.param(0.80, "alarm", id="one in a thousand"),
        pytest.param(np.nan, "unknown", id="unknown"),
    ],
)
def test_states_by_probability(value: float, state: str) -> None:
    assert _judged(value, _earlier(VALUES)).state == state


def test_seven_earlier_values_are_too_few() -> None:
    assert _judged(0.0, _earlier([*VALUES[:-1], np.nan])).state == "unknown"
    assert _judged(0.0, ()).state == "unknown"


def test_a_state_that_lasts_keeps_its_beginning() -> None:
    since = DAY - timedelta(days=14)
    again = _judged(0.8, [*_earlier(VALUES), *_earlier([0.9], "alarm", since)])
    assert (_judged(0.8, _earlier(VALUES)).since, again.since) == (DAY, since)


def test_alarms_are_not_compared_with_until_there_are_eight_in_a_row() -> None:
    seven = [*_earlier(VALUES), *_earlier([5.0, 5.1, 5.2, 5.1, 5.0, 5.1, 5.2], "alarm", DAY)]
    assert _judged(5.1, seven).state == "alarm"
    eight = [*seven, *_earlier([5.1], "alarm", DAY)]
    assert _judged(5.1, eight).state == "ok"


def test_only_the_last_26_values_count() -> None:
    values = [9.0, *np.tile(VALUES, 4)[:26]]
    assert _judged(0.1, _earlier(values)) == _judged(0.1, _earlier(values[1:]))


def test_equal_values_have_the_least_deviation() -> None:
    found = _judged(1.05, _earlier([1.0] * 9), least=0.05)
    assert found.p_value == pytest.approx(2.0 * stats.t(8).sf(1.0 / np.sqrt(1.0 + 1.0 / 9.0)))


def test_of_many_figures_a_share_of_alarms_may_be_false() -> None:
    """A p-value below 0.001 is an alarm alone, not as the only one of a thousand figures."""
    names = [str(number) for number in range(1000)]
    values = dict.fromkeys(names, 0.0) | {"0": 0.8}
    earlier = {name: _earlier(VALUES) for name in names}
    found = judged(values, earlier, DAY, dict.fromkeys(names, 0.0), 0.1)
    assert found["0"].p_value < 0.001
    assert found["0"].state == "watch"
