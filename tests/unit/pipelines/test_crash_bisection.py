from collections.abc import Sequence

import pytest
from pyspark.errors import PySparkException

from lepton_spark.pipelines.forecast.crash_bisection import (
    WORKER_DIED,
    Subset,
    is_worker_crash,
    write_from_sample,
    write_isolating,
)

CRASH = PySparkException("Job aborted: Python worker exited unexpectedly (crashed)")
SERIES: dict[int, Sequence[int]] = {batch: range(10 * batch, 10 * batch + 5) for batch in range(7)}
SERIES[7] = (70, 74, 86)
"""Series by batch. A number is a series and its hash; those of the last batch subset their lowest bits."""

N_SERIES = 38


def _members(subset: Subset | None) -> list[int]:
    if subset is None:
        return [number for numbers in SERIES.values() for number in numbers]
    return [
        number
        for batch in subset.batches
        for number in SERIES[batch]
        if number % subset.parts == subset.remainder
    ]


class Table:
    """A table whose write crashes when the subset holds a crashing series."""

    def __init__(self, *crashing: int, fault: Exception = CRASH) -> None:
        self.crashing, self.fault = set(crashing), fault
        self.rows: dict[int, str | None] = {}
        self.attempts = self.cleared = 0

    def write(self, subset: Subset | None, failure: str | None) -> None:
        self.attempts += 1
        members = _members(subset)
        assert members  # an empty subset would start a Spark job for nothing
        if failure is None and self.crashing & set(members):
            raise self.fault
        assert not self.rows.keys() & members
        self.rows |= dict.fromkeys(members, failure)

    def clear(self) -> None:
        self.cleared += 1
        self.rows.clear()

    def write_all(self) -> None:
        write_isolating(self.write, self.clear, len(SERIES), lambda subset: len(_members(subset)))


def test_without_a_crash_all_series_are_written_at_once() -> None:
    table = Table()
    table.write_all()
    assert (table.attempts, table.cleared, len(table.rows)) == (1, 0, N_SERIES)


@pytest.mark.parametrize("crashing", [(0,), (74,), (3, 4, 51)])
def test_only_the_crashing_series_are_written_without_a_model(crashing: tuple[int, ...]) -> None:
    table = Table(*crashing)
    table.write_all()
    assert {number for number, reason in table.rows.items() if reason} == set(crashing)
    assert {table.rows[number] for number in crashing} == {WORKER_DIED}
    assert len(table.rows) == N_SERIES
    assert table.cleared == 1
    assert table.attempts < 30 * len(crashing)


def test_another_failure_of_a_half_is_raised() -> None:
    table = Table(3)

    def write(subset: Subset | None, failure: str | None) -> None:
        table.write(subset, failure)
        raise PySparkException("no space left on device")

    with pytest.raises(PySparkException, match="no space"):
        write_isolating(write, table.clear, len(SERIES), lambda subset: len(_members(subset)))


def test_another_failure_is_not_a_worker_crash() -> None:
    fault = PySparkException("Job aborted: no space left on device")
    assert not is_worker_crash(fault)
    with pytest.raises(PySparkException, match="no space"):
        Table(3, fault=fault).write_all()


def learn(table: Table) -> None:
    write_from_sample(table.write, table.clear, len(SERIES), lambda subset: len(_members(subset)))


def test_a_sample_without_a_crash_is_used_completely() -> None:
    table = Table()
    learn(table)
    assert (table.attempts, table.cleared, len(table.rows)) == (1, 0, N_SERIES)


@pytest.mark.parametrize(
    ("crashing", "attempts", "used_batches"),
    [((0,), 3, (4, 5, 6, 7)), ((74,), 2, (0, 1, 2, 3)), ((3, 41), 5, (2, 3)), ((3, 24, 41, 62), 9, (1,))],
    ids=["first half", "second half", "both halves", "all but odd batches"],
)
def test_a_crashing_sample_is_halved_until_a_part_succeeds(
    crashing: tuple[int, ...], attempts: int, used_batches: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(*crashing)
    learn(table)
    members = {number for batch in used_batches for number in SERIES[batch]}
    assert table.rows == dict.fromkeys(members, None)
    assert (table.attempts, table.cleared) == (attempts, 1)
    assert f"{len(members)} of its series are used" in caplog.text


def test_a_sample_that_crashes_in_every_part_teaches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    table = Table(*_members(None))
    learn(table)
    assert set(table.rows.values()) == {WORKER_DIED}
    assert table.attempts == 1 + 2 + 4 + 8 + 15 + 1  # the last batch has one half
    assert "nothing is learned" in caplog.text


def test_another_failure_of_a_sample_is_raised() -> None:
    fault = PySparkException("Job aborted: no space left on device")
    table = Table(3, fault=fault)
    with pytest.raises(PySparkException, match="no space"):
        learn(table)
    assert (table.attempts, table.cleared) == (1, 0)


def test_another_failure_of_a_part_is_raised() -> None:
    table = Table(3)

    def write(subset: Subset | None, failure: str | None) -> None:
        table.fault = PySparkException("no space left on device") if subset else CRASH
        table.write(subset, failure)

    with pytest.raises(PySparkException, match="no space"):
        write_from_sample(write, table.clear, len(SERIES), lambda subset: len(_members(subset)))
