"""Sums of weeks on the open sets: forecast as weeks, as days added up, as the mean of the last four weeks.

`python benchmarks/weekly.py`. Origins, products and histories are those of accuracy.py; weeks end with the
cutoff. Scores are root mean squares of errors of weekly sums over the mean squared change from week to week,
weighted by units, squares pooled before the root. Closed days count as 0 on both sides.

Then whether the quantiles of a week that a run publishes can be believed, and their pinball loss beside that
of each product's own weeks so far. Weeks without an open day are not scored.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from accuracy_parts.belief import SEVEN, seen, verdicts
from accuracy_parts.ours import run_default, with_pools
from accuracy_parts.printed import print_rows
from accuracy_parts.protocol import HORIZON, Origin, origins
from accuracy_parts.scores import Output
from accuracy_parts.sets import add_sets, load_panel, sources_of
from threadpoolctl import threadpool_limits

from lepton_spark.evaluation.metrics import pinball_losses
from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.panel.dense import weekly

WEEK, WEEKS = 7, HORIZON // 7
N_WINDOWS, STRIDE = 3, 4
NO_WINDOWS: IntArray = np.array([], dtype=np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_sets(parser)
    arguments = parser.parse_args()
    sources = sources_of(arguments.sets, arguments.online, arguments.cache)
    lines, believed, losses = [], [], []
    for name in arguments.sets:
        every = origins(load_panel(name, sources, arguments.cache))
        with threadpool_limits(1):
            lines += [{"set": name, "forecast of weeks": way, **score(every, WAYS[way])} for way in WAYS]
            weeks = [in_weeks(origin) for origin in every]
            made = [as_run(origin) for origin in weeks]
        both = list(zip(weeks, made, strict=True))
        believed += verdicts(name, "as run, weeks", [seen(*pair) for pair in both])
        losses += [
            {"set": name, "quantiles": way, **quantile_scores(both, QUANTILES[way])} for way in QUANTILES
        ]
    print_rows("quantiles of weeks: p50 and seven levels, over units sold", losses, 120)
    print_rows("share of weeks below - at or below each quantile; ! = outside its band", believed, 200)
    print_rows("weeks: root of pooled scaled squared errors, mean absolute bias of origins", lines, 120)


def as_weeks(history: History) -> FloatArray:
    weeks = with_pools(weekly(history), NO_WINDOWS, trees=True, horizon=WEEKS)
    return np.maximum(Pooled().fit_forecast(weeks, WEEKS).forecast, 0.0)


def added_up(history: History) -> FloatArray:
    days = with_pools(history, NO_WINDOWS, trees=True)
    return sums(np.maximum(Pooled().fit_forecast(days, HORIZON).forecast, 0.0) * is_open(history))


def last_four(history: History) -> FloatArray:
    return np.repeat(
        sums(np.nan_to_num(history.quantity[:, -HORIZON:])).mean(axis=1, keepdims=True), WEEKS, axis=1
    )


WAYS: dict[str, Callable[[History], FloatArray]] = {
    "pooled, as weeks": as_weeks,
    "pooled, days added up": added_up,
    "mean of the last four": last_four,
}


def is_open(history: History) -> FloatArray:
    """[H], 0 on weekdays that were closed on each of the last eight weeks."""
    seen = ~np.isnan(history.quantity[:, -8 * WEEK :]).all(axis=0)
    weekly_open = seen.reshape(-1, WEEK).any(axis=0)
    return np.tile(weekly_open, WEEKS).astype(np.float64)


def sums(days: FloatArray) -> FloatArray:
    """[S, N], of whole weeks of days [S, 7 N]."""
    return days.reshape(len(days), -1, WEEK).sum(axis=2)


def score(every: list[Origin], way: Callable[[History], FloatArray]) -> dict[str, object]:
    squared, weights, biases = 0.0, 0.0, []
    for origin in every:
        forecast, actual = way(origin.history), sums(np.nan_to_num(origin.actual))
        known = weekly(origin.history).quantity
        scale = np.nanmean(np.diff(known, axis=1) ** 2, axis=1)
        squared += float(np.sum(origin.weight * np.mean((forecast - actual) ** 2, axis=1) / scale))
        weights += float(origin.weight.sum())
        biases.append(abs(float(forecast.sum() / actual.sum()) - 1.0))
    return {"score": f"{np.sqrt(squared / weights):.4f}", "bias": f"{np.mean(biases):.3f}"}


def in_weeks(origin: Origin) -> Origin:
    """The same with history and actuals by week; a week without an open day is not scored."""
    by_week = origin.actual.reshape(len(origin.actual), WEEKS, WEEK)
    closed = np.isnan(by_week).all(axis=2)
    actual = np.where(closed, np.nan, np.nansum(by_week, axis=2))
    return replace(origin, history=weekly(origin.history), actual=actual, days=origin.days[WEEK - 1 :: WEEK])


def as_run(origin: Origin) -> Output:
    """What a run of weeks would publish, windows as in `conf/weekly.yaml`."""
    made = run_default(origin.history, WEEKS, plan_windows(WEEKS, N_WINDOWS, STRIDE))
    return Output(made.forecast, None, 0.0, made.quantiles, made.dispersion, made.paths)


def of_own_weeks(origin: Origin, _: Output) -> FloatArray:
    """[S, H, 7], empirical quantiles of each product's weeks so far."""
    own = np.nanquantile(origin.history.quantity, SEVEN, axis=1, method="inverted_cdf").T
    return np.repeat(own[:, np.newaxis], WEEKS, axis=1)


QUANTILES: dict[str, Callable[[Origin, Output], FloatArray]] = {
    "as run": lambda _, made: made.seven if made.seven is not None else np.zeros(0),
    "of its own weeks so far": of_own_weeks,
}


def quantile_scores(
    made: list[tuple[Origin, Output]], way: Callable[[Origin, Output], FloatArray]
) -> dict[str, object]:
    missed = losses = units = 0.0
    for origin, output in made:
        quantiles = way(origin, output)
        miss = np.abs(quantiles[:, :, len(SEVEN) // 2] - origin.actual)
        missed, units = missed + float(np.nansum(miss)), units + float(np.nansum(origin.actual))
        losses += 2.0 * float(np.nansum(pinball_losses(origin.actual, quantiles, SEVEN))) / len(SEVEN)
    return {"wape_p50": f"{missed / units:.4f}", "pinball": f"{losses / units:.4f}"}


if __name__ == "__main__":
    main()
