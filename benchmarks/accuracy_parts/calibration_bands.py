"""Whether quantiles can be believed: how often sales fall below them, over all and by demand class.

For whole units with many zeros no interval holds exactly what it says, so a level is held against a band:
the share of product-days below the quantile may not exceed it, nor the share at or below fall short of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output
from lepton_spark.config import PanelSettings
from lepton_spark.evaluation.demand import StringArray, demand_classes
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

SEVEN = np.array(list(QUANTILE_LEVELS.values()))
MIDDLE = (0.1, 0.9)
ALL = "all"
SLACK_ALL, SLACK_CLASS = 0.02, 0.04
LEAST_EXCESS = 1e-6
"""Variance over mean less 1, and mean, at least: Poisson and 0 as their limits."""


@dataclass(frozen=True)
class Seen:
    """Scored days or weeks of one origin: classes [N]; below, at_most [N, 7]; middle [N], `in_the_middle`."""

    classes: StringArray
    below: FloatArray
    at_most: FloatArray
    middle: FloatArray


def seen(origin: Origin, output: Output) -> Seen:
    """What came true against the seven quantiles of an output, and against its distribution."""
    if output.seven is None or output.dispersion is None:
        raise ValueError("belief: found no quantiles at all seven levels or no dispersion")
    panel = PanelSettings()
    least = (-(-days // origin.history.period) for days in (panel.new_days, panel.obsolete_days))
    classes = demand_classes(origin.history.quantity, *least)
    scored = ~np.isnan(origin.actual)
    spread = np.where(np.isnan(output.dispersion), 1.0, output.dispersion)
    actual, q = origin.actual[scored][:, np.newaxis], output.seven[scored]
    return Seen(
        np.repeat(classes[:, np.newaxis], scored.shape[1], axis=1)[scored],
        (actual < q).astype(np.float64),
        (actual <= q).astype(np.float64),
        in_the_middle(
            actual[:, 0],
            output.forecast[scored],
            np.repeat(spread[:, np.newaxis], scored.shape[1], axis=1)[scored],
        ),
    )


def in_the_middle(actual: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """[N], the probability that the randomised transform of each actual falls into the middle 80 %.

    The transform is uniform between the distribution function just below the actual and at it; the
    distribution is the negative binomial of the stored mean and dispersion (variance over mean), all [N].
    """
    excess = np.maximum(dispersion - 1.0, LEAST_EXCESS)
    shape, chance = np.maximum(mean, LEAST_EXCESS) / excess, 1.0 / (1.0 + excess)
    low, high = (stats.nbinom.cdf(value, shape, chance) for value in (actual - 1.0, actual))
    inside = np.minimum(high, MIDDLE[1]) - np.maximum(low, MIDDLE[0])
    share: FloatArray = np.clip(inside / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return share


def verdicts(name: str, model: str, parts: Sequence[Seen]) -> list[dict[str, object]]:
    """A line for each class and for all: n, the share in the middle, each level's band and verdict."""
    classes = np.concatenate([part.classes for part in parts])
    below, at_most = (np.concatenate([getattr(part, key) for part in parts]) for key in ("below", "at_most"))
    middle = np.concatenate([part.middle for part in parts])
    lines = []
    for kind in (ALL, *sorted(set(classes.tolist()))):
        rows = np.full(len(classes), fill_value=True) if kind == ALL else classes == kind
        slack = SLACK_ALL if kind == ALL else SLACK_CLASS
        line: dict[str, object] = {"set": name, "model": model, "class": kind, "n": int(rows.sum())}
        line["middle"] = round(float(middle[rows].mean()), 3)
        pairs = zip(
            QUANTILE_LEVELS.items(), below[rows].mean(axis=0), at_most[rows].mean(axis=0), strict=True
        )
        for (column, level), low, high in pairs:
            held = low - slack <= level <= high + slack
            line[column] = f"{low:.3f}-{high:.3f}{'' if held else ' !'}"
        lines.append(line)
    return lines
