"""Processor time of one core that the default portfolio takes: sharing and training, both passes a series.

`python benchmarks/cost.py`. Synthetic Poisson sales, 730 days, without Spark; the least of `--repeat` runs.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
from accuracy_parts.printed import print_rows
from throughput import packed_years

from lepton_spark.config import Config
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import ShareBatch, pools_by_day, with_trees
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import TrainBatch, trees_by_day
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.data.history import PoolProfile
from lepton_spark.panel.calendar import Calendar, epoch_day

CUTOFF = date(2024, 12, 31)
BATCH = 512
PROMISED = 2.0
"""Milliseconds a series, both passes and what is shared (issue 4)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--sample", type=int, default=4_096, help="series that speak for all")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    calendar = Calendar(
        {"all": np.arange(epoch_day(CUTOFF) - arguments.days + 1, epoch_day(CUTOFF) + 1)}, epoch_day(CUTOFF)
    )
    settings = fit_settings(Config(), calendar)
    sample = packed(0, arguments.sample, arguments.days)
    seconds_shared, pools = timed(partial(ShareBatch(settings), sample), 1)
    fixed = {"sharing": seconds_shared}
    trained = []
    for until in settings.training_days:
        rows = sample.append_column("until", pa.array([until] * sample.num_rows, type=pa.int32()))
        seconds, trees = timed(partial(TrainBatch(settings), rows), 1)
        fixed[f"training until {np.datetime64(until, 'D')}"] = seconds
        trained += trees.to_pylist()
    shared = with_trees(pools_by_day(pools.to_pylist()), trees_by_day(trained))
    passes = both_passes(settings, shared, arguments.days, arguments.repeat)
    rows = [{"what": what, "seconds": f"{seconds:.1f}", "ms a series": ""} for what, seconds in fixed.items()]
    rows += [{"what": what, "seconds": "", "ms a series": f"{ms:.3f}"} for what, ms in passes.items()]
    total, each = sum(fixed.values()), sum(passes.values())
    enough = f"{1e3 * total / (PROMISED - each):,.0f} series" if each < PROMISED else "never"
    rows.append({"what": f"under {PROMISED} ms a series from", "seconds": "", "ms a series": enough})
    print_rows(f"{arguments.days} days, {len(settings.candidates)} candidates, one core", rows, 100)


def packed(first: int, n_series: int, n_days: int) -> pa.Table:
    """Packed rows of one batch."""
    begin = CUTOFF - timedelta(days=n_days - 1)
    years = pa.Table.from_batches([packed_years(np.arange(first, first + n_series), begin, n_days)])
    days = pa.array([epoch_day(day) for day in years["first_date"].to_pylist()], type=pa.int32())
    columns = years.select(["product_id", "location_id"])
    batch = pa.array(np.zeros(years.num_rows, dtype=np.int32))
    rows = columns.add_column(0, "batch", batch).append_column("first_day", days)
    return rows.append_column("quantity", years["quantity"])


def both_passes(
    settings: FitSettings, pools: Mapping[int, PoolProfile], n_days: int, repeat: int
) -> dict[str, float]:
    """Milliseconds a series of passes A and B."""
    ready = replace(settings, pools=pools)
    rows = packed(1_000_000, BATCH, n_days)
    score, scored = timed(partial(ScoreBatch(ready), rows), repeat)
    fit = FitBatch(ready, no_class_table(len(ready.candidates)))
    made, _ = timed(partial(fit, rows, scored), repeat)
    return {"pass A": 1e3 * score / BATCH, "pass B": 1e3 * made / BATCH}


def timed(work: Callable[[], pa.Table], repeat: int) -> tuple[float, pa.Table]:
    """The least processor seconds of some runs, and what they made."""
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        made = work()
        spent.append(time.process_time() - start)
    return min(spent), made


if __name__ == "__main__":
    main()
