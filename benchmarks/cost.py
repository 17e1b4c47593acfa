"""Processor time of the default portfolio on one core: learning from all series, and both passes per series.

`python benchmarks/cost.py`. Synthetic Poisson sales, without Spark; the fastest of `--repeat` tries counts.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from accuracy_parts.console_table import print_rows
from synthetic import CUTOFF, packed_years

from lepton_spark.config import Config
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import PoolSample, pools_by_day
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainSample, trees_by_day
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.calendar import Calendar, epoch_day

BATCH = 512
FIRST_OF_BATCH = 1_000_000
BUDGET = 2.0
"""Milliseconds per series, both passes and the share of the learning."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=730, help="days of history")
    parser.add_argument("--sample", type=int, default=4_096, help="series to learn from")
    parser.add_argument("--repeat", type=int, default=3, help="tries of each pass")
    arguments = parser.parse_args()
    cutoff = epoch_day(CUTOFF)
    calendar = Calendar({"all": np.arange(cutoff - arguments.days + 1, cutoff + 1)}, cutoff)
    settings = fit_settings(Config(), calendar)
    settings, learning = learn(settings, packed(0, arguments.sample, arguments.days))
    passes = time_passes(settings, packed(FIRST_OF_BATCH, BATCH, arguments.days), arguments.repeat)
    rows = [
        {"step": step, "seconds": f"{seconds:.1f}", "ms per series": ""} for step, seconds in learning.items()
    ]
    rows += [{"step": step, "seconds": "", "ms per series": f"{ms:.3f}"} for step, ms in passes.items()]
    total, per_series = sum(learning.values()), sum(passes.values())
    enough = f"{1e3 * total / (BUDGET - per_series):,.0f} series" if per_series < BUDGET else "never"
    rows.append({"step": f"under {BUDGET} ms per series from", "seconds": "", "ms per series": enough})
    n_candidates = len(settings.evaluation.candidates)
    print_rows(f"{arguments.days} days, {n_candidates} candidates, one core", rows, 100)


def packed(first: int, n_series: int, n_days: int) -> pd.DataFrame:
    """Packed rows of one batch, as the UDFs receive them."""
    years = packed_years(np.arange(first, first + n_series), n_days)
    days = years["first_date"].map(epoch_day)
    return years[["product_id", "location_id", "quantity"]].assign(batch=0, first_day=days)


def learn(settings: FitSettings, sample: pd.DataFrame) -> tuple[FitSettings, dict[str, float]]:
    """The settings with everything learned from a sample, and the processor seconds of each step."""
    seconds: dict[str, float] = {}
    seconds["pool statistics"], pools = timed(partial(PoolSample(settings), sample), 1)
    trained = []
    for until in settings.training_days:
        rows = sample.assign(until=until)
        step = f"training until {np.datetime64(until, 'D')}"
        seconds[step], trees = timed(partial(TrainSample(settings), rows), 1)
        trained += trees.to_dict("records")
    by_day = pools_by_day(pools.to_dict("records"), settings.pooled)
    return replace(settings, pools=with_trees(by_day, trees_by_day(trained))), seconds


def time_passes(settings: FitSettings, batch: pd.DataFrame, repeat: int) -> dict[str, float]:
    """Milliseconds per series of passes A and B."""
    score, scored = timed(partial(ScoreBatch(settings), batch), repeat)
    fit_batch = FitBatch(settings, ClassErrors.none(len(settings.evaluation.candidates)))
    fit, _ = timed(partial(fit_batch, batch, scored), repeat)
    return {"pass A": 1e3 * score / BATCH, "pass B": 1e3 * fit / BATCH}


def timed(work: Callable[[], pd.DataFrame], repeat: int) -> tuple[float, pd.DataFrame]:
    """The least processor seconds of some tries, and the result."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return min(seconds), result


if __name__ == "__main__":
    main()
