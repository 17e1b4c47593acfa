"""Accuracy of `pooled` over whole catalogues at several cutoffs, by demand class and age, without Spark.

`python benchmarks/classes.py`. Trees are trained on a random sample, as in a run; every product that has sold
is forecast four weeks ahead. Squared errors are pooled over cutoffs before the root is taken.
"""

import argparse
from collections.abc import Mapping

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import AGE_GROUPS, Panel, add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import NO_WINDOWS, damped
from accuracy_parts.protocol import HORIZON
from threadpoolctl import threadpool_limits

from lepton_spark.config import Config
from lepton_spark.evaluation.demand import DEMAND_CLASSES, OBSOLETE, demand_classes
from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.pool import Pools, pool_of
from lepton_spark.models.registry import POOLED, Candidate, create

SAMPLE = 4_096
MODELS = (POOLED, "mean", "seasonal_naive")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    parser.add_argument("--cutoffs", type=int, default=5, help="number of cutoffs, four weeks apart")
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    rows = []
    for name in arguments.sets:
        panel = load_panel(name, sources, arguments.cache)
        last = len(panel.days) - 1 - HORIZON
        with threadpool_limits(1):
            found = [errors_at(panel, last - HORIZON * back) for back in range(arguments.cutoffs)]
        rows += [{"set": name, "products": group, **summary(group, found)} for group in found[0]]
    print_rows("root mean squared error of pooled over that of others; below 1 is better", rows, 120)


def errors_at(panel: Panel, cutoff: int) -> dict[str, FloatArray]:
    """By class and age, [6]: products, units forecast and sold, squared errors of the three `MODELS`.

    cutoff: a column of the panel.
    """
    catalogue = History(panel.quantity[:, : cutoff + 1], panel.days[: cutoff + 1])
    has_sold = np.flatnonzero(catalogue.n_known > 0)
    sample = np.sort(np.random.default_rng(0).choice(has_sold, min(SAMPLE, len(has_sold)), replace=False))
    pools = learn_pools(damped(catalogue.select(sample)), NO_WINDOWS, HORIZON, trees=True)
    history = damped(catalogue.select(has_sold))
    actual = panel.quantity[has_sold, cutoff + 1 : cutoff + 1 + HORIZON]
    is_scored = ~np.isnan(actual).all(axis=0)
    actual = np.nan_to_num(actual[:, is_scored])
    forecasts = [forecast_of(model, history, pools)[:, is_scored] for model in MODELS]
    squares = [((forecast - actual) ** 2).sum(axis=1) for forecast in forecasts]
    units = [forecasts[0].sum(axis=1), actual.sum(axis=1)]
    per_series = np.stack([np.ones(len(has_sold)), *units, *squares])
    return {group: per_series[:, rows].sum(axis=1) for group, rows in groups(history).items()}


def forecast_of(model: str, history: History, pools: Pools) -> FloatArray:
    """[S, H], units, fitted in batches; 0 where a model has no forecast."""
    forecaster = create(Candidate(model), pool_of(pools, history))
    batches = np.array_split(np.arange(history.n_series), max(history.n_series // SAMPLE, 1))
    parts = [forecaster.fit_forecast(history.select(rows), HORIZON).forecast for rows in batches]
    return np.maximum(np.nan_to_num(np.concatenate(parts)), 0.0)


def groups(history: History) -> Mapping[str, BoolArray]:
    """Members [S] of every demand class and age group; obsolete series, whose forecast is 0, are left out."""
    panel = Config().panel
    classes = demand_classes(history.quantity, panel.new_days, panel.obsolete_days)
    age = history.n_days - np.argmax(history.known, axis=1)
    by_class = {name: classes == name for name in DEMAND_CLASSES if name != OBSOLETE}
    by_age = {name: (age >= low) & (age <= high) for name, (low, high) in AGE_GROUPS.items()}
    return {**by_class, **{name: rows & (classes != OBSOLETE) for name, rows in by_age.items()}}


def summary(group: str, found: list[dict[str, FloatArray]]) -> dict[str, object]:
    """A table row: ratios over all cutoffs, and the worst of a single one."""
    by_cutoff = np.array([part[group] for part in found])  # [cutoffs, 6]
    products, forecast, sold, pooled, mean, naive = by_cutoff.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = np.sqrt(np.nanmax(by_cutoff[:, 3] / by_cutoff[:, 4]))
    return {
        "per cutoff": round(products / len(found)),
        "units": round(sold),
        "forecast / sold": f"{forecast / max(sold, 1.0):.2f}",
        "over mean": f"{np.sqrt(pooled / max(mean, 1e-9)):.4f}",
        "worst cutoff": f"{worst:.4f}",
        "over naive": f"{np.sqrt(pooled / max(naive, 1e-9)):.4f}",
    }


if __name__ == "__main__":
    main()
