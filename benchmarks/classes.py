"""`pooled` over whole catalogues at several cutoffs, by demand class and age, without Spark.

`python benchmarks/classes.py`. Trees are trained on a drawn sample, as a run does; every product alive is
forecast four weeks ahead. Squares are pooled over cutoffs before the root. `forecast over sold` is of units.
"""

import argparse
from collections.abc import Mapping

import numpy as np
from accuracy_parts.ours import with_pools
from accuracy_parts.printed import print_rows
from accuracy_parts.protocol import HORIZON
from accuracy_parts.sets import AGES, Panel, add_sets, load_panel, sources_of
from threadpoolctl import threadpool_limits

from lepton_spark.config import PanelSettings
from lepton_spark.evaluation.demand import OBSOLETE, demand_classes
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.local.naive import SeasonalNaive
from lepton_spark.models.pooled.model import Pooled

SAMPLE = 4_096
NO_WINDOWS: IntArray = np.array([], dtype=np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_sets(parser)
    parser.add_argument("--cutoffs", type=int, default=5, help="four weeks apart, the last before the end")
    arguments = parser.parse_args()
    sources = sources_of(arguments.sets, arguments.online, arguments.cache)
    lines = []
    for name in arguments.sets:
        panel = load_panel(name, sources, arguments.cache)
        last = len(panel.days) - 1 - HORIZON
        with threadpool_limits(1):
            found = [errors_at(panel, last - HORIZON * back) for back in range(arguments.cutoffs)]
        lines += [{"set": name, "products": kind, **summary(kind, found)} for kind in found[0]]
    print_rows("root mean squares: pooled over others, below 1 is better", lines, 120)


def errors_at(panel: Panel, column: int) -> dict[str, FloatArray]:
    """By class and age, [6]: products, units forecast and sold, squared errors of pooled, mean and naive."""
    history, ahead = History(panel.quantity[:, : column + 1], panel.days[: column + 1]), panel.quantity
    alive = np.flatnonzero(history.n_known > 0)
    sample = np.sort(np.random.default_rng(0).choice(alive, min(SAMPLE, len(alive)), replace=False))
    pools = with_pools(history.select(sample), NO_WINDOWS, trees=True).pools
    actual = ahead[alive, column + 1 : column + 1 + HORIZON]
    scored = ~np.isnan(actual).all(axis=0)
    quantity = history.quantity[alive]
    mine = History(quantity, history.days, damped=damped(quantity), pools=pools)
    made = {
        "pooled": np.concatenate(
            [
                Pooled().fit_forecast(mine.select(rows), HORIZON).forecast
                for rows in np.array_split(np.arange(len(alive)), max(len(alive) // SAMPLE, 1))
            ]
        ),
        "mean": np.repeat(np.nanmean(mine.quantity, axis=1)[:, np.newaxis], HORIZON, axis=1),
        "naive": np.nan_to_num(SeasonalNaive().fit_forecast(mine, HORIZON).forecast),
    }
    actual = np.nan_to_num(actual[:, scored])
    squares = [((np.maximum(made[name][:, scored], 0.0) - actual) ** 2).sum(axis=1) for name in made]
    units = [np.maximum(made["pooled"][:, scored], 0.0).sum(axis=1), actual.sum(axis=1)]
    per_series = np.stack([np.ones(len(alive)), *units, *squares])
    return {kind: per_series[:, rows].sum(axis=1) for kind, rows in kinds(mine).items()}


def kinds(history: History) -> Mapping[str, BoolArray]:
    """Which series are of each class, but the obsolete, which a run forecasts 0, and of each age."""
    panel = PanelSettings()
    classes = demand_classes(history.quantity, panel.new_days, panel.obsolete_days)
    age = history.n_days - np.argmax(history.known, axis=1)
    named = {name: classes == name for name in ("smooth", "erratic", "intermittent", "lumpy", "new")}
    ages = {name: (age >= low) & (age <= high) for name, (low, high) in AGES.items()}
    return {**named, **{name: rows & (classes != OBSOLETE) for name, rows in ages.items()}}


def summary(kind: str, found: list[dict[str, FloatArray]]) -> dict[str, object]:
    """A line of the table: ratios over all cutoffs, and the worst of a single one."""
    each = np.array([part[kind] for part in found])  # [cutoffs, 6]
    products, forecast, sold, pooled, mean, naive = each.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = np.sqrt(np.nanmax(each[:, 3] / each[:, 4]))
    return {
        "at each cutoff": round(products / len(found)),
        "units": round(sold),
        "forecast over sold": f"{forecast / max(sold, 1.0):.2f}",
        "over mean": f"{np.sqrt(pooled / max(mean, 1e-9)):.4f}",
        "worst cutoff": f"{worst:.4f}",
        "over naive": f"{np.sqrt(pooled / max(naive, 1e-9)):.4f}",
    }


if __name__ == "__main__":
    main()
