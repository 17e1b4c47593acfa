"""The protocol of a pool factor."""

from typing import Protocol

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History


class PoolFactor(Protocol):
    """A factor of single days that all series share, learned from the totals of a pool.

    To add one, write a class in a module of its own and append it to `SEASONS`; `name` becomes a column of
    the table `pools` and `meaning` its comment.
    """

    @property
    def name(self) -> str:
        """Column of the table `pools`."""
        ...

    @property
    def meaning(self) -> str:
        """Comment of that column."""
        ...

    def fit(self, history: History, cutoffs: IntArray) -> FloatArray | None:
        """[C, N], what is learned from the days up to each cutoff; None where the factor does not apply.

        cutoffs: [C], columns of the history.
        """
        ...

    def ahead(self, learned: FloatArray, days: IntArray) -> FloatArray:
        """[C, H], factors of the epoch days [C, H] after each cutoff, 1 where nothing is known.

        learned: [C, N], as `fit` returned it.
        """
        ...
