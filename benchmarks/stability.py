"""How much the forecast of a fixed day changes from one daily run to the next, on the public sets.

`python benchmarks/stability.py --sets journey`. Fourteen daily runs on the products of the first, which
choose models anew or keep those that the demand classes had on the day before. Change: sum of the absolute
differences over the sum of the forecasts, of days that both runs forecast. Moved: share of products with
another model.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import Panel, add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import DEFAULT_CONFIG, damped
from accuracy_parts.protocol import HORIZON, WEIGHT_DAYS, choose_products, scales_of

from lepton_spark.evaluation.accuracy.class_errors import class_errors
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.selection import ValidationErrors, class_choice
from lepton_spark.forecasting.settings import LEVELS, evaluation_settings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.learning import learn_pools

N_RUNS = 14
SEED = 42
ANEW, KEPT = "chosen anew", "kept unless clearly worse"


@dataclass(frozen=True)
class Run:
    """One day's forecast, the models of its demand classes (positions), and its error (wrmsse)."""

    batch: BatchForecast
    choices: Mapping[str, int]
    error: float


def daily_runs(panel: Panel) -> Iterator[dict[str, Run]]:
    """The run of each day in both ways."""
    last = len(panel.days) - 1 - HORIZON
    first = last - N_RUNS + 1
    products = choose_products(panel.quantity[:, : first + 1], np.random.default_rng(SEED))
    kept: Mapping[str, int] = {}
    for cutoff in range(first, last + 1):
        past = History(panel.quantity[products, : cutoff + 1].copy(), panel.days[: cutoff + 1])
        actual = panel.quantity[products, cutoff + 1 : cutoff + 1 + HORIZON]
        runs = _runs(past, actual, {ANEW: {}, KEPT: kept})
        kept = runs[KEPT].choices
        yield runs


def _runs(past: History, actual: FloatArray, usual: Mapping[str, Mapping[str, int]]) -> dict[str, Run]:
    """A run for each set of usual models."""
    settings, history = evaluation_settings(DEFAULT_CONFIG, LEVELS), damped(past)
    pools = learn_pools(history, cutoff_columns(history, settings.windows), HORIZON, trees=True)
    scores = score_candidates(history, pools, settings)
    validation = scores.sums.map(lambda sums: sums[:, settings.validation])
    own = ValidationErrors(validation.n_obs, validation.sse)
    runs = {}
    for way, models in usual.items():
        errors = replace(class_errors(validation, scores.demand_class), usual=models)
        batch = forecast_batch(history, pools, settings, own, errors)
        choices = dict(zip(errors.classes, class_choice(errors, settings.selection).tolist(), strict=True))
        runs[way] = Run(batch, choices, wrmsse(batch.forecast, past, actual))
    return runs


def wrmsse(forecast: FloatArray, past: History, actual: FloatArray) -> float:
    mse = np.nanmean((forecast - actual) ** 2, axis=1) / scales_of(past).squared_change
    weight = np.where(np.isfinite(mse), np.nansum(past.quantity[:, -WEIGHT_DAYS:], axis=1), 0.0)
    return float(np.sqrt(np.where(weight > 0, mse, 0.0)) @ weight / weight.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    rows: list[dict[str, object]] = []
    for name in arguments.sets:
        days = list(daily_runs(load_panel(name, sources, arguments.cache)))
        for way in (ANEW, KEPT):
            figures = {key: f"{value:.4f}" for key, value in stability([day[way] for day in days]).items()}
            rows.append({"set": name, "classes": way, **figures})
    print_rows("stability over fourteen daily runs", rows, 120)


def stability(runs: Sequence[Run]) -> dict[str, float]:
    """Means over the pairs of successive runs, and the mean error."""
    pairs = [(one.batch, two.batch) for one, two in pairwise(runs)]
    moved = [np.mean(np.array(one.models) != np.array(two.models)) for one, two in pairs]
    change = [_change(one.forecast[:, 1:], two.forecast[:, :-1]) for one, two in pairs]
    figures = {"change": change, "moved": moved, "wrmsse": [run.error for run in runs]}
    return {name: float(np.mean(values)) for name, values in figures.items()}


def _change(one: FloatArray, two: FloatArray) -> float:
    return float(np.abs(one - two).sum() / one.sum())


if __name__ == "__main__":
    main()
