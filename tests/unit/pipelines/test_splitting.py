from collections.abc import Sequence

import pytest
from pyspark.errors import PySparkException

from lepton_spark.pipelines.splitting import WORKER_DIED, Share, is_death, write_split

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
