from collections.abc import Sequence

import pytest
from pyspark.errors import PySparkException

from lepton_spark.pipelines.forecast.crash_bisection import (
    WORKER_DIED,
    Share,
    is_death,
    write_sampled,
    write_split,
)

DEATH = PySparkException("Job aborted: Python worker exited unexpectedly (crashed)")
SERIES: dict[int, Sequence[int]] = {batch: range(10 * batch, 10 * batch + 5) for batch in range(7)}
SERIES[7] = (70, 74, 86)
"""Numbers stand for series, and for their hashes; the last batch's are alike in their lowest bits."""

N_SERIES = 38


def _members(share: Share | None) -> list[int]:
    if share is None:
        return [number for numbers in SERIES.values() for number in numbers]
    return [
        number for batch in share.batches for number in SERIES[batch] if number % share.parts == share.rest
    ]


class Table:
    """What is written, unless a guilty series is among it."""

    def __init__(self, *guilty: int, fault: Exception = DEATH) -> None:
        self.guilty, self.fault = set(guilty), fault
        self.rows: dict[int, str | None] = {}
        self.tries = self.cleared = 0

    def write(self, share: Share | None, given_up: str | None) -> None:
        self.tries += 1
        members = _members(share)
        assert members  # a job of nothing is a job
        if given_up is None and self.guilty & set(members):
            raise self.fault
        assert not self.rows.keys() & members
        self.rows |= dict.fromkeys(members, given_up)

    def clear(self) -> None:
        self.cleared += 1
        self.rows.clear()

    def split(self) -> None:
        write_split(self.write, self.clear, len(SERIES), lambda share: len(_members(share)))


def test_without_a_death_everything_is_written_at_once() -> None:
    table = Table()
    table.split()
    assert (table.tries, table.cleared, len(table.rows)) == (1, 0, N_SERIES)


@pytest.mark.parametrize("guilty", [(0,), (74,), (3, 4, 51)])
def test_each_guilty_series_alone_is_given_up(guilty: tuple[int, ...]) -> None:
    table = Table(*guilty)
    table.split()
    assert {number for number, reason in table.rows.items() if reason} == set(guilty)
    assert {table.rows[number] for number in guilty} == {WORKER_DIED}
    assert len(table.rows) == N_SERIES
    assert table.cleared == 1
    assert table.tries < 30 * len(guilty)


def test_another_fault_among_the_halves_is_raised() -> None:
    table = Table(3)

    def write(share: Share | None, given_up: str | None) -> None:
        table.write(share, given_up)
        raise PySparkException("no space left on device")

    with pytest.raises(PySparkException, match="no space"):
        write_split(write, table.clear, len(SERIES), lambda share: len(_members(share)))


def test_another_fault_is_no_death() -> None:
    fault = PySparkException("Job aborted: no space left on device")
    assert not is_death(fault)
    with pytest.raises(PySparkException, match="no space"):
        Table(3, fault=fault).split()


def sampled(table: Table) -> None:
    write_sampled(table.write, table.clear, len(SERIES), lambda share: len(_members(share)))


def test_a_sample_that_nobody_dies_of_is_taken_whole() -> None:
    table = Table()
    sampled(table)
    assert (table.tries, table.cleared, len(table.rows)) == (1, 0, N_SERIES)


@pytest.mark.parametrize(
    ("guilty", "tries", "taught_by"),
    [((0,), 3, (4, 5, 6, 7)), ((74,), 2, (0, 1, 2, 3)), ((3, 41), 5, (2, 3)), ((3, 24, 41, 62), 9, (1,))],
    ids=["first half", "second half", "both halves", "all but odd batches"],
)
def test_a_deadly_sample_is_halved_until_a_part_lives(
    guilty: tuple[int, ...], tries: int, taught_by: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(*guilty)
    sampled(table)
    members = {number for batch in taught_by for number in SERIES[batch]}
    assert table.rows == dict.fromkeys(members, None)
    assert (table.tries, table.cleared) == (tries, 1)
    assert f"{len(members)} series of it speak for all" in caplog.text


def test_a_sample_that_kills_in_every_part_teaches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    table = Table(*_members(None))
    sampled(table)
    assert set(table.rows.values()) == {WORKER_DIED}
    assert table.tries == 1 + 2 + 4 + 8 + 15 + 1  # the last batch has one half
    assert "nothing is shared" in caplog.text


def test_another_fault_of_a_sample_is_raised() -> None:
    fault = PySparkException("Job aborted: no space left on device")
    table = Table(3, fault=fault)
    with pytest.raises(PySparkException, match="no space"):
        sampled(table)
    assert (table.tries, table.cleared) == (1, 0)


def test_another_fault_of_a_part_is_raised() -> None:
    table = Table(3)

    def write(share: Share | None, given_up: str | None) -> None:
        table.fault = PySparkException("no space left on device") if share else DEATH
        table.write(share, given_up)

    with pytest.raises(PySparkException, match="no space"):
        write_sampled(write, table.clear, len(SERIES), lambda share: len(_members(share)))
