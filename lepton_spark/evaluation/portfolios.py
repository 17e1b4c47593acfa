"""Portfolios: the candidates that the series of a segment choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.registry import Candidate

STANDARD = ""
"""The name of the standard portfolio."""


@dataclass(frozen=True)
class Portfolio:
    """Candidates to choose from, the most trusted one first.

    name: of the segment whose errors decide; STANDARD: the errors of all series decide.
    """

    name: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Portfolios:
    """K portfolios over the C candidates of a run, the standard one first.

    names: [K]. allowed: [K, C], which candidates a portfolio has. first: [K], position of its first one.
    """

    names: tuple[str, ...]
    allowed: BoolArray
    first: IntArray

    @classmethod
    def of(cls, portfolios: Sequence[Portfolio], candidates: Sequence[Candidate]) -> "Portfolios":
        """Portfolios of some candidates each; without any, a standard one of all candidates."""
        listed = tuple(portfolios) or (Portfolio(STANDARD, tuple(candidates)),)
        position = {candidate: at for at, candidate in enumerate(candidates)}
        allowed = np.zeros((len(listed), len(candidates)), dtype=np.bool_)
        for row, portfolio in zip(allowed, listed, strict=True):
            row[[position[candidate] for candidate in portfolio.candidates]] = True
        first = [position[portfolio.candidates[0]] for portfolio in listed]
        return cls(tuple(one.name for one in listed), allowed, np.array(first, dtype=np.int64))

    @classmethod
    def standard(cls, n_candidates: int) -> "Portfolios":
        """Only the standard one, of all candidates."""
        every = np.ones((1, n_candidates), dtype=np.bool_)
        return cls((STANDARD,), every, np.zeros(1, dtype=np.int64))
