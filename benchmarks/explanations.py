"""What explanations cost: processor time of pass B with the parts of all forecasts and without.

`python benchmarks/explanations.py --sets journey`. Batches of 512 products of a set, as a run fits them, with
pools and trees learned from `SAMPLE` products; medians of five repetitions.
"""

import argparse
import time
from unittest.mock import patch

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import Panel, add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import DEFAULT_CONFIG, damped
from accuracy_parts.protocol import HORIZON

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.role_backtest import RoleFit
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.forecasting.settings import LEVELS, evaluation_settings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.pool import Pools

BATCH, N_BATCHES, SAMPLE, REPETITIONS = 512, 6, 2_000, 5
SETTINGS = evaluation_settings(DEFAULT_CONFIG, LEVELS)

Scored = tuple[ValidationErrors, ClassErrors]


def batches_of(panel: Panel) -> tuple[Pools, list[tuple[History, Scored]]]:
    """The pools of a set, and some of its batches, each with its errors in pass A."""
    sold = np.flatnonzero(np.nansum(panel.quantity, axis=1) > 0)
    order = np.random.default_rng(1).permutation(sold)

    def history(rows: np.ndarray) -> History:
        return damped(History(panel.quantity[np.sort(rows)], panel.days))

    sample = history(order[:SAMPLE])
    pools = learn_pools(sample, cutoff_columns(sample, SETTINGS.windows), HORIZON, trees=True)
    return pools, [
        (batch, scored(batch, pools))
        for batch in (history(order[first : first + BATCH]) for first in range(0, N_BATCHES * BATCH, BATCH))
    ]


def scored(history: History, pools: Pools) -> Scored:
    scores = score_candidates(history, pools, SETTINGS)
    validation = scores.sums.map(lambda sums: sums[:, SETTINGS.validation])
    own = ValidationErrors(validation.n_obs, validation.sse)
    return own, class_errors(validation, scores.demand_class)


def seconds(pools: Pools, batches: list[tuple[History, Scored]]) -> tuple[float, list[BatchForecast]]:
    """Processor time of pass B; histories are new, so that nothing is computed already."""
    fresh = [(History(h.quantity, h.days, damped=h.damped), errors) for h, errors in batches]
    begin = time.process_time()
    made = [forecast_batch(history, pools, SETTINGS, *errors) for history, errors in fresh]
    return time.process_time() - begin, made


def no_parts(self: RoleFit, _: FloatArray) -> FloatArray:
    return np.zeros((len(NAMES), *self.forecast.shape))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    rows: list[dict[str, object]] = []
    for name in arguments.sets:
        pools, batches = batches_of(load_panel(name, sources, arguments.cache))
        runs: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(REPETITIONS):
            spent, made = seconds(pools, batches)
            runs["with"].append(spent)
            with patch.object(RoleFit, "parts_above", no_parts):
                runs["without"].append(seconds(pools, batches)[0])
        models = [model for batch in made for model in batch.models]
        n_obsolete = sum(int((batch.status == "obsolete").sum()) for batch in made)
        with_parts, without = np.median(runs["with"]), np.median(runs["without"])
        rows.append(
            {
                "set": name,
                "products": len(models),
                "obsolete": n_obsolete,
                "pooled": models.count("pooled"),
                "without, s": f"{without:.2f}",
                "with, s": f"{with_parts:.2f}",
                "added": f"{with_parts / without - 1.0:.1%}",
            }
        )
    print_rows("pass B with the parts of all forecasts", rows, 120)


if __name__ == "__main__":
    main()
