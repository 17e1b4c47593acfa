"""What a daily run between two refits loses in accuracy, and what it saves, on the public sets.

`python benchmarks/refit.py --sets journey`. For each of three refits, the six days after it: a run that
chooses and trains everything anew, and one that keeps the refit's trees, classes' errors, choices and
spreads. wrmsse and processor time, means over these days; anew: share of series that chose anew.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import Panel, add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import DEFAULT_CONFIG, damped
from accuracy_parts.protocol import HORIZON, choose_products
from stability import wrmsse

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.accuracy.metrics import pinball_losses
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.kept_choice import KeptChoice, forecast_keeping
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.forecasting.settings import LEVELS, evaluation_settings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.learning import learn_pools, with_trees
from lepton_spark.models.pooled.pool import Pools

REFIT_DAYS = 7
N_REFITS = 3
WEEKS_BETWEEN = 4
SEED = 42
SETTINGS = evaluation_settings(DEFAULT_CONFIG, LEVELS)


@dataclass(frozen=True)
class Refit:
    """A full run: its forecasts, and what daily runs keep of it."""

    batch: BatchForecast
    pools: Pools
    errors: ClassErrors


@dataclass(frozen=True)
class Day:
    """A day's run in both ways."""

    full: BatchForecast
    daily: BatchForecast
    seconds: tuple[float, float]
    past: History
    actual: FloatArray


def full_run(history: History) -> Refit:
    """Learn, score, choose and forecast."""
    pools = learn_pools(history, cutoff_columns(history, SETTINGS.windows), HORIZON, trees=True)
    scores = score_candidates(history, pools, SETTINGS)
    validation = scores.sums.map(lambda sums: sums[:, SETTINGS.validation])
    errors = class_errors(validation, scores.demand_class)
    own = ValidationErrors(validation.n_obs, validation.sse)
    return Refit(forecast_batch(history, pools, SETTINGS, own, errors), pools, errors)


def daily_run(history: History, refit: Refit) -> BatchForecast:
    """Forecast with the refit's trees, errors of the classes, choices and spreads."""
    trees = {day: pool.trees for day, pool in refit.pools.items() if pool.trees is not None}
    pools = learn_pools(history, cutoff_columns(history, SETTINGS.windows), HORIZON, trees=False)
    kept = KeptChoice.of(refit.batch)
    return forecast_keeping(history, with_trees(pools, trees), SETTINGS, kept, refit.errors)


def days(panel: Panel) -> Iterator[Day]:
    """The days between refits; products are those of the first cutoff."""
    last = len(panel.days) - 1 - HORIZON - REFIT_DAYS
    cutoffs = last - 7 * WEEKS_BETWEEN * np.arange(N_REFITS)[::-1]
    products = choose_products(panel.quantity[:, : cutoffs[0] + 1], np.random.default_rng(SEED))

    def past(cutoff: int) -> History:
        return damped(History(panel.quantity[products, : cutoff + 1].copy(), panel.days[: cutoff + 1]))

    for cutoff in cutoffs.tolist():
        refit = full_run(past(cutoff))
        for later in range(1, REFIT_DAYS):
            today = cutoff + later
            begin = time.process_time()
            full = full_run(past(today)).batch
            middle = time.process_time()
            daily = daily_run(past(today), refit)
            seconds = (middle - begin, time.process_time() - middle)
            actual = panel.quantity[products, today + 1 : today + 1 + HORIZON]
            yield Day(full, daily, seconds, past(today), actual)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    rows: list[dict[str, object]] = []
    for name in arguments.sets:
        found = list(days(load_panel(name, sources, arguments.cache)))
        for way, position in (("full", 0), ("daily", 1)):
            rows.append({"set": name, "run": way, **_figures(found, position)})
    print_rows("runs on the six days after a refit", rows, 120)


def _figures(found: list[Day], position: int) -> dict[str, str]:
    made = [(day.full, day.daily)[position] for day in found]
    errors = [wrmsse(batch.forecast, day.past, day.actual) for batch, day in zip(made, found, strict=True)]
    losses = [_pinball(batch, day.actual) for batch, day in zip(made, found, strict=True)]
    anew = [(batch.chosen.sums.n_obs.sum(axis=0) > 0).mean() for batch in made]
    seconds = [day.seconds[position] for day in found]
    return {
        "wrmsse": f"{np.mean(errors):.4f}",
        "pinball": f"{np.mean(losses):.5f}",
        "anew": f"{np.mean(anew):.3f}",
        "seconds": f"{np.mean(seconds):.1f}",
    }


def _pinball(batch: BatchForecast, actual: FloatArray) -> float:
    """Mean over levels and days, over the units of a day."""
    losses = pinball_losses(actual, batch.quantiles, np.asarray(LEVELS))
    return float(np.nanmean(losses) / np.nanmean(actual))


if __name__ == "__main__":
    main()
