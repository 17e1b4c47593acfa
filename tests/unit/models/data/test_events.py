from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.events import Events
from tests.unit.models.events import events


def _kinds(given: Events, days: list[int], cutoff: int = 10_000) -> list[int]:
    return given.known_at(cutoff).kinds_of(np.array(days)).tolist()


def test_days_before_on_and_after_an_event_have_a_kind_each_the_same_each_time() -> None:
    moving = events([100, 460], [0, 0], window=(3, 2))
    first = _kinds(moving, list(range(96, 104)))
    assert first[0] == first[-1] == -1
    assert len(set(first[1:-1])) == 6
    assert _kinds(moving, list(range(456, 464))) == first


def test_days_after_a_long_event_do_not_depend_on_its_length() -> None:
    ramadan = events([*range(100, 130), *range(454, 483)], [0] * 59, window=(1, 2))
    assert len(set(_kinds(ramadan, list(range(99, 132))))) == 33
    assert _kinds(ramadan, [99, 100, 128, 130, 131]) == _kinds(ramadan, [453, 454, 482, 483, 484])


@pytest.mark.parametrize(
    ("days", "names", "day", "owner"),
    [
        ([100, 102], [0, 1], 102, 1),
        ([100, 104], [0, 1], 101, 0),
        ([100, 102], [0, 1], 101, 1),
        ([100, 100], [1, 0], 100, 0),
    ],
    ids=["its own day", "the nearer", "before precedes after", "the smaller number"],
)
def test_day_of_several_events_belongs_to_one(
    days: list[int], names: list[int], day: int, owner: int
) -> None:
    def found(rows: list[int]) -> int:
        given = events([days[row] for row in rows], [names[row] for row in rows], window=(5, 5))
        return _kinds(given, [day])[0]

    assert found([0, 1]) == found([names.index(owner)])


def test_event_is_unknown_before_it_is_announced() -> None:
    late = events([100], [0], window=(3, 3), known_day=98)
    assert _kinds(late, [100, 101], cutoff=97) == [-1, -1]
    assert min(_kinds(late, [100, 101], cutoff=98)) >= 0


def test_of_two_rows_for_a_day_the_one_known_last_has_the_window() -> None:
    one, other = events([100], [0], window=(0, 0), known_day=10), events([100], [0], (2, 2), known_day=20)
    fields = ("days", "names", "before", "after", "known_day")
    both = replace(one, **{name: np.append(getattr(other, name), getattr(one, name)) for name in fields})
    assert _kinds(both, [98], cutoff=19) == [-1]
    assert _kinds(both, [98], cutoff=20) != [-1]


def test_days_are_left_out_once_an_occurrence_is_over_with_the_days_after_it() -> None:
    given = events([100, 460], [0, 0], window=(1, 2))
    days = np.array([99, 100, 102, 103, 459])
    assert given.known_at(101).left_out(days).tolist() == [False] * 5
    assert given.known_at(102).left_out(days).tolist() == [True, True, True, False, True]
    before_the_data = replace(given, first_day=101)
    assert not before_the_data.known_at(400).left_out(days).any()


def test_no_events_affect_no_day() -> None:
    none = events([], []).known_at(5)
    assert none.kinds_of(np.array([1, 2])).tolist() == [-1, -1]
    assert none.left_out(np.array([1, 2])).tolist() == [False, False]
