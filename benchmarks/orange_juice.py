"""A third retailer, on which nothing was tuned: refrigerated orange juice in 83 stores, 121 weeks, by week.

`python benchmarks/orange_juice.py orange_juice.csv`. Dominick's Finer Foods, 11 brands, with what was on
sale (deal) and advertised (feature) in each store and week; distributed with the R package bayesm (Debian's
r-cran-bayesm). The file is made once, beside this project:

    Rscript -e 'data(orangeJuice, package = "bayesm"); write.csv(orangeJuice$yx, "orange_juice.csv")'

Eight origins, two weeks apart, four weeks ahead; a series is scored where it sold in the last eight weeks.
`wrmsse` is that of accuracy.py on weeks: squared errors over the mean squared change from week to week,
weighted by units of the last four weeks; `wape_p50` is the median's; `bias` is the mean over origins of the
absolute bias. Promotions are shown to the models that say so.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from accuracy_parts.ours import run_default, with_pools, without_last_year
from accuracy_parts.printed import print_rows
from threadpoolctl import threadpool_limits

from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled import features
from lepton_spark.models.registry import Candidate, create

HORIZON, N_ORIGINS, STRIDE, RECENT = 4, 8, 2, 8
N_WINDOWS, WINDOW_STRIDE = 3, 4
OUNCES = 64.0
"""Of a carton: the file holds the log of ounces sold."""

PROMOTED = ["deal", "feat"]
FIRST_WEEK_ENDS = 7_200
"""The epoch day of the file's week 0, near enough: the weeks count from September 1989."""

NO_WINDOWS: IntArray = np.array([], dtype=np.int64)
Made = tuple[FloatArray, FloatArray | None]
Model = Callable[[History], Made]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path, help="the csv of the R data set")
    sales, promoted, days = read(parser.parse_args().file)
    with threadpool_limits(1):
        lines = [{"model": name, **score(sales, promoted, days, name)} for name in MODELS]
    print_rows(f"orange juice: {len(sales)} series of weeks, {N_ORIGINS} origins", lines, 120)


def read(file: Path) -> tuple[FloatArray, FloatArray, IntArray]:
    """Cartons [S, T], NaN where the file has no line; promotions [S, T, 2]; epoch days [T]."""
    lines = pd.read_csv(file).astype({"store": int, "brand": int, "week": int})
    series = lines.groupby(["store", "brand"]).ngroup().to_numpy()
    first = lines["week"].min()
    shape = series.max() + 1, lines["week"].max() - first + 1
    places = series, (lines["week"] - first).to_numpy()
    sales, promoted = np.full(shape, np.nan), np.zeros((*shape, len(PROMOTED)))
    sales[places] = np.round(np.exp(lines["logmove"]) / OUNCES)
    promoted[places] = lines[PROMOTED]
    return sales, promoted, FIRST_WEEK_ENDS + 7 * (first + np.arange(shape[1]))


def histories(
    sales: FloatArray, promoted: FloatArray, days: IntArray, *, planned: bool
) -> Iterator[tuple[History, FloatArray]]:
    """Each origin's history and what came, [S, H]."""
    for back in range(N_ORIGINS - 1, -1, -1):
        end = len(days) - HORIZON - STRIDE * back
        lately = ~np.isnan(sales[:, end - RECENT : end]).all(axis=1)
        plans = promoted[lately, : end + HORIZON] if planned else None
        history = History(sales[lately, :end], days[:end], plans, period=7)
        yield history, sales[lately, end : end + HORIZON]


def score(sales: FloatArray, promoted: FloatArray, days: IntArray, name: str) -> Mapping[str, str]:
    squared = weights = missed = units = 0.0
    biases, medians = [], True
    for history, actual in histories(sales, promoted, days, planned=PLANNED in name):
        mean, median = MODELS[name](history)
        scored = ~np.isnan(actual)
        came = np.where(scored, actual, 0.0)
        errors = np.where(scored, np.maximum(mean, 0.0) - came, 0.0)
        mse = (errors**2).sum(axis=1) / np.maximum(scored.sum(axis=1), 1)
        weight = np.nansum(history.quantity[:, -HORIZON:], axis=1)
        scale = np.nanmean(np.diff(history.quantity, axis=1) ** 2, axis=1)
        squared, weights = squared + float(np.sum(weight * mse / scale)), weights + float(weight.sum())
        biases.append(abs(errors.sum() / came.sum()))
        medians &= median is not None
        if median is not None:
            missed += float(np.abs(np.where(scored, median - came, 0.0)).sum())
            units += float(came.sum())
    return {
        "wrmsse": f"{np.sqrt(squared / weights):.4f}",
        "bias": f"{np.mean(biases):.3f}",
        "wape_p50": f"{missed / units:.4f}" if medians else "",
    }


def as_run(history: History) -> Made:
    made = run_default(history, HORIZON, plan_windows(HORIZON, N_WINDOWS, WINDOW_STRIDE))
    return made.forecast, made.quantiles[..., made.quantiles.shape[2] // 2]


def alone(model: str) -> Model:
    def forecast(history: History) -> Made:
        shared = with_pools(history, NO_WINDOWS, trees=model == "pooled", horizon=HORIZON)
        fit = create(Candidate(model)).fit_forecast(shared, HORIZON)
        return fit.forecast, fit.median

    return forecast


def without_year(model: Model) -> Model:
    def forecast(history: History) -> Made:
        with patch.object(features, "last_year", without_last_year):
            return model(history)

    return forecast


def last(n_weeks: int) -> Model:
    """The mean of the last weeks."""
    return lambda history: (
        np.repeat(np.nan_to_num(_mean(history.quantity[:, -n_weeks:])), HORIZON, axis=1),
        None,
    )


def _mean(weeks: FloatArray) -> FloatArray:
    known = ~np.isnan(weeks)
    total = np.where(known, weeks, 0.0).sum(axis=1, keepdims=True)
    mean: FloatArray = total / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return mean


PLANNED = "with promotions"
MODELS: Mapping[str, Model] = {
    "lepton as run": as_run,
    "lepton as run, without last year": without_year(as_run),
    "lepton pooled": alone("pooled"),
    "lepton pooled, without last year": without_year(alone("pooled")),
    "lepton shrunk_weekday": alone("shrunk_weekday"),
    "lepton exponential_smoothing": alone("exponential_smoothing"),
    "lepton theta": alone("theta"),
    "lepton mean": alone("mean"),
    "mean of the last four": last(4),
    "mean of the last thirteen": last(13),
    f"lepton as run, {PLANNED}": as_run,
    f"lepton as run, {PLANNED}, without last year": without_year(as_run),
}


if __name__ == "__main__":
    main()
