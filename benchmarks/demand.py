"""Accuracy of the distribution of demand over 7, 14 and 28 days, on the public sets.

`python benchmarks/demand.py`. Origins and products are those of accuracy.py. Pinball loss at p50, p75, p90,
p95 and p98, twice its mean over the levels, over the units sold. Methods: a normal distribution with the
daily error of the backtest times the square root of the days; the negative binomial with the dispersion of
a single day, and with that of sums of such a length.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import forecast_run
from accuracy_parts.protocol import Origin, origins
from accuracy_parts.sum_calibration import sum_quantiles
from scipy.special import ndtri

from lepton_spark.evaluation.accuracy.metrics import pinball_losses
from lepton_spark.evaluation.batch_forecast import BatchForecast
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.98)
LENGTHS = (7, 14, 28)

Method = Callable[[Origin, BatchForecast, BoolArray], FloatArray]
"""Quantiles [S, Q] of the sum over some of the first days, [H']."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    rows = []
    for name in arguments.sets:
        made = [
            (origin, forecast_run(origin.history))
            for origin in origins(load_panel(name, sources, arguments.cache))
        ]
        rows += list(_rows(name, made))
    print_rows("pinball loss of sums over units", rows, 120)


def _rows(name: str, made: list[tuple[Origin, BatchForecast]]) -> Iterator[Mapping[str, object]]:
    for method, quantiles in METHODS.items():
        row: dict[str, object] = {"set": name, "distribution": method}
        for length in LENGTHS:
            losses, units = 0.0, 0.0
            for origin, batch in made:
                days = ~np.isnan(origin.actual[:, :length]).all(axis=0)
                actual = np.nansum(origin.actual[:, :length], axis=1)
                found = quantiles(origin, batch, days)
                loss = pinball_losses(actual[:, np.newaxis], found[:, np.newaxis], np.asarray(LEVELS))
                losses += 2.0 * float(loss.mean(axis=2).sum())
                units += float(actual.sum())
            row[f"{length} days"] = f"{losses / units:.4f}"
        yield row


def _mean(batch: BatchForecast, days: BoolArray) -> FloatArray:
    """[S], units of the open days."""
    mean: FloatArray = batch.forecast[:, : len(days)][:, days].sum(axis=1)
    return mean


def _normal(_: Origin, batch: BatchForecast, days: BoolArray) -> FloatArray:
    n_days = batch.chosen.sums.n_obs.sum(axis=0)
    variance = batch.chosen.sums.sse.sum(axis=0) / np.maximum(n_days, 1)
    deviation = np.sqrt(variance * np.count_nonzero(days))
    return np.maximum(_mean(batch, days)[:, np.newaxis] + deviation[:, np.newaxis] * ndtri(LEVELS), 0.0)


def _single_day(_: Origin, batch: BatchForecast, days: BoolArray) -> FloatArray:
    return count_quantiles(_mean(batch, days), np.maximum(batch.spread.dispersion, 1.0), LEVELS)


def _sums(_: Origin, batch: BatchForecast, days: BoolArray) -> FloatArray:
    columns = np.flatnonzero(days)
    return sum_quantiles(batch.forecast, batch.sum_dispersion, columns, len(days), LEVELS)


METHODS: Mapping[str, Method] = {
    "normal, square root of the days": _normal,
    "negative binomial of a day": _single_day,
    "negative binomial of sums": _sums,
}


if __name__ == "__main__":
    main()
