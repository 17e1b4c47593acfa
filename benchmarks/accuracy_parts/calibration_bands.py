"""Calibration of quantile forecasts, over all series and by demand class.

With many zeros no quantile of whole units can hold exactly. So each level is compared with a band: from the
share of actuals below the quantile to the share at or below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output
from lepton_spark.config import Config
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.models.data.arrays import FloatArray, StringArray
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

PUBLISHED_LEVELS = np.array(list(QUANTILE_LEVELS.values()))
CENTRAL = (0.1, 0.9)
ALL = "all"
TOLERANCE_ALL, TOLERANCE_CLASS = 0.02, 0.04
"""How far a level may lie outside its band."""

MIN_PARAMETER = 1e-6
"""Lower bound of a mean, and of variance over mean less 1: the limits are 0 and Poisson."""


@dataclass(frozen=True)
class Calibration:
    """Scored observations of one origin.

    groups: [N], demand class. below, at_most: [N, 7], 1 where the actual is below, or at most, a quantile.
    central: [N], share of the observation in the central 80 % of its distribution.
    """

    groups: StringArray
    below: FloatArray
    at_most: FloatArray
    central: FloatArray

    @classmethod
    def joined(cls, parts: Sequence["Calibration"]) -> "Calibration":
        """The observations of several parts."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__)
        )


def calibration(origin: Origin, output: Output) -> Calibration:
    """Actuals against the published quantiles, and against the published negative binomial.

    Raises: ValueError without a distribution.
    """
    if output.distribution is None:
        raise ValueError("calibration: found no distribution; allowed: outputs of a whole run")
    is_scored = ~np.isnan(origin.actual)
    dispersion = np.nan_to_num(output.distribution.dispersion, nan=1.0)
    actual, quantiles = origin.actual[is_scored], output.distribution.quantiles[is_scored]
    return Calibration(
        _on_scored(demand_classes_at(origin), is_scored),
        (actual[:, np.newaxis] < quantiles).astype(np.float64),
        (actual[:, np.newaxis] <= quantiles).astype(np.float64),
        central_probability(actual, output.forecast[is_scored], _on_scored(dispersion, is_scored)),
    )


def demand_classes_at(origin: Origin) -> StringArray:
    """[S], demand classes at the origin by the default configuration."""
    panel, period = Config().panel, origin.history.period
    return demand_classes(
        origin.history.quantity, -(-panel.new_days // period), -(-panel.obsolete_days // period)
    )


def _on_scored(values: np.ndarray, is_scored: np.ndarray) -> np.ndarray:
    """[N], a value per series [S] repeated for each of its scored columns [S, H]."""
    return np.repeat(values, np.count_nonzero(is_scored, axis=1))


def central_probability(actual: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """[N], probability that the randomised probability integral transform lies in the central 80 %.

    The transform is uniform between the distribution function just below the actual and at it.

    mean, dispersion: [N], of a negative binomial; dispersion is variance over mean.
    Source: Czado, Gneiting and Held (2009), Predictive model assessment for count data.
    """
    excess = np.maximum(dispersion - 1.0, MIN_PARAMETER)
    size, probability = np.maximum(mean, MIN_PARAMETER) / excess, 1.0 / (1.0 + excess)
    low, high = (stats.nbinom.cdf(value, size, probability) for value in (actual - 1.0, actual))
    inside = np.minimum(high, CENTRAL[1]) - np.maximum(low, CENTRAL[0])
    share: FloatArray = np.clip(inside / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return share


def calibration_rows(name: str, model: str, parts: Sequence[Calibration]) -> list[dict[str, object]]:
    """A table row for all observations and one for each group."""
    joined = Calibration.joined(parts)
    rows = []
    for group in (ALL, *sorted(set(joined.groups.tolist()))):
        chosen = np.full(len(joined.groups), fill_value=True) if group == ALL else joined.groups == group
        row: dict[str, object] = {"set": name, "model": model, "class": group, "n": int(chosen.sum())}
        row["central_80"] = round(float(joined.central[chosen].mean()), 3)
        tolerance = TOLERANCE_ALL if group == ALL else TOLERANCE_CLASS
        rows.append(row | bands(joined.below[chosen], joined.at_most[chosen], tolerance))
    return rows


def bands(below: FloatArray, at_most: FloatArray, tolerance: float) -> dict[str, str]:
    """The band of every published level, marked with `!` where the level lies outside it.

    below, at_most: [N, 7], 1 where an actual is below, or at most, the quantile.
    """
    cells = {}
    shares = zip(QUANTILE_LEVELS.items(), below.mean(axis=0), at_most.mean(axis=0), strict=True)
    for (column, level), low, high in shares:
        is_inside = low - tolerance <= level <= high + tolerance
        cells[column] = f"{low:.3f}-{high:.3f}{'' if is_inside else ' !'}"
    return cells
