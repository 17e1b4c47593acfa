"""The parts of a forecast by planners' groups, exact for sums and products."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

LEVEL, TREND, WEEKDAY, SEASON, EVENTS = "level", "trend", "weekday", "season", "events"
PROMOTION, PRICE, SIMILAR_PRODUCTS = "promotion", "price", "similar_products"
MODEL, OTHER, REMAINDER = "model", "other", "remainder"

GROUPS: Mapping[str, str] = {
    LEVEL: "how much the product sells now, compared with its usual day",
    TREND: "how its sales rise or fall",
    WEEKDAY: "the day of the week, from the product's own sales",
    SEASON: "the same weeks of past years",
    EVENTS: "holidays and events of the calendar",
    PROMOTION: "planned promotions",
    PRICE: "price; 0, as no model uses prices yet",
    SIMILAR_PRODUCTS: "other products, and the same product at other locations",
    MODEL: "a regressor that gives no parts",
    OTHER: "how far ahead the day is",
    REMAINDER: "negative forecasts raised to 0, closed days, planners' priors, obsolete products, rounding",
}
"""The groups, in the order of arrays of parts, with their meaning."""

NAMES = tuple(GROUPS)


@dataclass(frozen=True)
class Parts:
    """Terms and factors that make a forecast: the sum of `units` times exp(sum of `logs`).

    units: group -> units, an array that broadcasts to [S, H]; the whole forecast, no base is taken off.
    logs: group -> log factors, the same; -inf for a factor of 0.
    """

    units: Mapping[str, FloatArray]
    logs: Mapping[str, FloatArray] = field(default_factory=dict)

    def times(self, group: str, factor: FloatArray) -> "Parts":
        """The parts of the forecast times a factor of a group."""
        with np.errstate(divide="ignore"):
            return self.with_logs({group: np.log(factor)})

    def with_logs(self, logs: Mapping[str, FloatArray]) -> "Parts":
        """The parts of the forecast times exp(sum of further logs)."""
        added = {group: log + self.logs.get(group, 0.0) for group, log in logs.items()}
        return replace(self, logs={**self.logs, **added})

    def above(self, base: FloatArray, horizon: int) -> FloatArray:
        """[G, S, H], units that each group adds to a base [S]; their sum is the forecast less the base.

        The base is taken off the level, or off the model that gives no level. A log factor adds its share of
        the logs, in units by the logarithmic mean of the forecast with all factors and with none. If the
        forecast is 0 because of a factor 0, the groups of such factors take off all, in equal parts.
        """
        parts = _stacked(self.units, (len(base), horizon))
        if self.logs:
            logs = _stacked(self.logs, parts.shape[1:])
            is_zero = np.isneginf(logs)
            n_zero = np.count_nonzero(is_zero, axis=0)
            logs = np.where(n_zero > 0, np.where(is_zero, -1.0 / np.maximum(n_zero, 1), 0.0), logs)
            total = np.where(n_zero > 0, 0.0, logs.sum(axis=0))
            with np.errstate(over="ignore", invalid="ignore"):
                parts += logs * (parts.sum(axis=0) * log_mean(total))
        parts[NAMES.index(MODEL if MODEL in self.units else LEVEL)] -= base[:, np.newaxis]
        return parts


def _stacked(values: Mapping[str, FloatArray], shape: tuple[int, ...]) -> FloatArray:
    """[G, S, H], 0 for the groups without values."""
    stacked = np.zeros((len(NAMES), *shape))
    for group, array in values.items():
        stacked[NAMES.index(group)] = array
    return stacked


def log_mean(log: FloatArray) -> FloatArray:
    """Logarithmic mean of 1 and exp(log): (exp(log) - 1) / log, and 1 for a log of 0.

    >>> log_mean(np.array([0.0, np.log(2.0)])).round(4).tolist()
    [1.0, 1.4427]
    """
    return np.divide(np.expm1(log), log, out=np.ones_like(log), where=log != 0)


def log_parts(deltas: Mapping[str, FloatArray], ratio: FloatArray, of_zero: str) -> dict[str, FloatArray]:
    """Group -> what it adds to the log of a ratio, from what it adds to the ratio less 1.

    deltas: group -> [S, H], with the sum ratio - 1. of_zero: the group that a ratio of 0 is due to.
    """
    positive = ratio > 0
    per_unit = 1.0 / log_mean(np.log(np.where(positive, ratio, 1.0)))
    logs = {group: np.where(positive, delta * per_unit, 0.0) for group, delta in deltas.items()}
    logs[of_zero] = np.where(positive, logs.get(of_zero, 0.0), -np.inf)
    return logs
