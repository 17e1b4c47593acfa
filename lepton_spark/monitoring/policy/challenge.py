"""Whether a challenger's forecasts beat the champion's on what was sold."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray


@dataclass(frozen=True)
class Verdict:
    """The challenger against the champion over some weeks.

    gain: mean over the weeks of the champion's loss less the challenger's, in units; NaN without a week.
    standard_error: of that mean; NaN below two weeks. wins: whether the challenger is the better one.
    """

    n_weeks: int
    gain: float
    standard_error: float
    champion_loss: float
    wins: bool


def verdict(champion: FloatArray, challenger: FloatArray, min_weeks: int) -> Verdict:
    """Compares the losses of the same series on the same days, summed by week.

    A week is one observation: what moves all products at once, such as the weather, makes errors of products
    dependent. The forecasts of a week are made before it and weeks do not overlap, so the gains of weeks are
    taken as uncorrelated.

    champion, challenger: [W], units. min_weeks: below these the challenger never wins.
    Source: Diebold and Mariano (1995), Comparing predictive accuracy, with forecasts one period ahead.
    """
    n_weeks = len(champion)
    gains = champion - challenger
    mean = float(gains.mean()) if n_weeks else float("nan")
    error = float(gains.std(ddof=1) / np.sqrt(n_weeks)) if n_weeks > 1 else float("nan")
    return Verdict(
        n_weeks,
        mean,
        error,
        champion_loss=float(champion.mean()) if n_weeks else float("nan"),
        wins=n_weeks >= min_weeks and mean > error,
    )
