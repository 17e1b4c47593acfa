"""Accuracy on weekly sales of orange juice in 83 stores, a third retailer.

`python benchmarks/orange_juice.py orange_juice.csv`. Dominick's Finer Foods: 11 brands, 121 weeks, with the
deals and advertisements of each store and week, as distributed with the R package bayesm (Debian's
r-cran-bayesm). Make the file once:

    Rscript -e 'data(orangeJuice, package = "bayesm"); write.csv(orangeJuice$yx, "orange_juice.csv")'

Eight origins, two weeks apart, four weeks ahead; a series is scored where it sold in the last eight weeks.
Scores are those of accuracy.py, of weeks. Only models with promotions in their name see them.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_parts.console_table import print_rows
from accuracy_parts.lepton_models import (
    DEFAULT,
    FOUR_WEEKS,
    WITH_PROMOTIONS,
    WITHOUT_LAST_YEAR,
    run,
    single,
)
from accuracy_parts.peers import mean_of_last
from accuracy_parts.protocol import Origin, scales_of
from accuracy_parts.results import evaluate, score_cells
from accuracy_parts.scores import Model

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS
from lepton_spark.models.registry import POOLED

HORIZON, N_ORIGINS, STRIDE, RECENT = 4, 8, 2, 8
OUNCES_PER_CARTON = 64.0
MEASURES = ["deal", "feat"]
FIRST_WEEK_ENDS = 7_200
"""Approximate epoch day of the file's week 0, in September 1989."""

NO_LAST_YEAR = replace(DEFAULT_SETTINGS, use_last_year=False)
WITHOUT = replace(FOUR_WEEKS, pooled=NO_LAST_YEAR)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="the CSV file of the R data set")
    every = origins(*read(parser.parse_args().file))
    rows = evaluate("orange juice", every, MODELS).score_rows(DEFAULT)
    title = f"orange juice, {N_ORIGINS} origins, with 90 % intervals of the difference to {DEFAULT}"
    print_rows(title, [score_cells(row) for row in rows], 180)


def read(file: Path) -> tuple[FloatArray, FloatArray, IntArray]:
    """Cartons [S, T], NaN where the file has no line; promotions [S, T, 2]; epoch days [T]."""
    lines = pd.read_csv(file).astype({"store": int, "brand": int, "week": int})
    series = lines.groupby(["store", "brand"]).ngroup().to_numpy()
    first = lines["week"].min()
    shape = series.max() + 1, lines["week"].max() - first + 1
    cells = series, (lines["week"] - first).to_numpy()
    sales, promoted = np.full(shape, np.nan), np.zeros((*shape, len(MEASURES)))
    sales[cells] = np.round(np.exp(lines["logmove"]) / OUNCES_PER_CARTON)  # the file has log ounces
    promoted[cells] = lines[MEASURES]
    return sales, promoted, FIRST_WEEK_ENDS + 7 * (first + np.arange(shape[1]))


def origins(sales: FloatArray, promoted: FloatArray, days: IntArray) -> list[Origin]:
    """The origins in order; their weights are units of the last four weeks."""
    found = []
    for index in range(N_ORIGINS):
        end = len(days) - HORIZON - STRIDE * (N_ORIGINS - 1 - index)
        rows = np.flatnonzero(~np.isnan(sales[:, end - RECENT : end]).all(axis=1))
        history = History(sales[rows, :end], days[:end], period=7)
        origin = Origin(
            index,
            rows,
            history,
            days[end : end + HORIZON],
            sales[rows, end : end + HORIZON],
            scales_of(history),
            np.nansum(history.quantity[:, -HORIZON:], axis=1),
            promoted[rows, : end + HORIZON],
        )
        found.append(origin)
    return found


MODELS: Mapping[str, Model] = {
    DEFAULT: run(FOUR_WEEKS),
    WITHOUT_LAST_YEAR: run(WITHOUT),
    WITH_PROMOTIONS: run(FOUR_WEEKS, promotions=True),
    f"{WITH_PROMOTIONS}, without last year": run(WITHOUT, promotions=True),
    **{
        f"lepton {name}": single(name, HORIZON)
        for name in (POOLED, "shrunk_weekday", "exponential_smoothing", "theta", "mean")
    },
    "lepton pooled, without last year": single(POOLED, HORIZON, NO_LAST_YEAR),
    "mean of the last four weeks": mean_of_last(4, HORIZON),
    "mean of the last thirteen weeks": mean_of_last(13, HORIZON),
}


if __name__ == "__main__":
    main()
