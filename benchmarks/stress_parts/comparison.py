"""Forecasts of made-up shops beside the best simple rule, by their distance to the true rate."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from stress_parts.figures import Figure
from stress_parts.rules import RULES
from stress_parts.shop import Rows, Shop

N_SHOPS = 4
"""Shops that a figure is averaged over."""


@dataclass(frozen=True)
class Group:
    """Some series of a shop, all by default.

    by_day: measure errors of days, not of the sums of all days ahead.
    """

    rows: Rows | None = None
    by_day: bool = False


@dataclass(frozen=True)
class Sample:
    """A shop drawn at random, and what is known of it.

    rates: [S, T + H], expected units. closed: [S, T + H], days on which nothing can be sold; None: never.
    groups: the series of each figure, by its name.
    """

    shop: Shop
    rates: FloatArray
    closed: BoolArray | None = None
    groups: Mapping[str, Group] = field(default_factory=lambda: {"": Group()})

    @property
    def known(self) -> FloatArray:
        """[S, T], units; NaN on closed days, on flagged days out of stock and before the first sale."""
        n_days = self.rates.shape[1] - self.horizon
        known = self.shop.units[:, :n_days].copy()
        known[np.cumsum(known, axis=1) == 0] = np.nan
        for unknown in (self.closed, self.shop.stock_outs):
            if unknown is not None:
                known[unknown[:, :n_days]] = np.nan
        return known

    @property
    def horizon(self) -> int:
        """H, days ahead."""
        return self.shop.config.forecast.horizon * self.shop.config.forecast.period

    def error(self, forecast: FloatArray, group: Group) -> float:
        """Sum of absolute errors over the expected units; over the units of the first days if these are 0."""
        ahead = self.rates[:, -self.horizon :]
        if self.closed is not None:
            ahead = np.where(self.closed[:, -self.horizon :], 0.0, ahead)
        usual = ahead.sum(axis=1)
        usual = np.where(usual > 0, usual, self.rates[:, : self.horizon].sum(axis=1))
        error = (
            forecast - ahead if group.by_day else (forecast.sum(axis=1) - ahead.sum(axis=1))[:, np.newaxis]
        )
        rows = slice(None) if group.rows is None else group.rows
        return float(np.abs(error[rows]).sum() / usual[rows].sum())

    @property
    def rule_forecasts(self) -> dict[str, FloatArray]:
        """[S, H] by rule; where days were closed, also with these days as days of zero sales."""
        forecasts = {name: rule(self.known, self.horizon) for name, rule in RULES.items()}
        if self.closed is not None:
            zeros = np.nan_to_num(self.known)
            forecasts |= {f"{name} with zeros": rule(zeros, self.horizon) for name, rule in RULES.items()}
        return forecasts


def compare(
    name: str, draw: Callable[[np.random.Generator], Sample], seed: int, n_shops: int = N_SHOPS
) -> Iterator[Figure]:
    """One figure for each group: our error, at most that of the best rule and the noise of the difference.

    The noise is two standard errors of the mean difference over the shops.
    """
    errors: dict[str, list[list[float]]] = {}
    for number in range(n_shops):
        sample = draw(np.random.default_rng([seed, number]))
        by_rule = sample.rule_forecasts
        forecasts = [sample.shop.result.batch.forecast, *by_rule.values()]
        for title, group in sample.groups.items():
            errors.setdefault(title, []).append([sample.error(one, group) for one in forecasts])
    for title, by_shop in errors.items():
        ours, *rules = np.array(by_shop).T
        best = int(np.argmin([rule.mean() for rule in rules]))
        noise = 2.0 * float(np.std(ours - rules[best], ddof=1)) / np.sqrt(n_shops)
        least = float(rules[best].mean())
        beside = f"{list(by_rule)[best]} {least:.3f}, noise {noise:.3f}"
        yield Figure(", ".join(filter(None, (name, title))), float(ours.mean()), 0.0, least + noise, beside)
