"""Weekly totals on the public sets: forecast as weeks, as days added up, or as the mean of four weeks.

`python benchmarks/weekly.py`. Origins, products and histories are those of accuracy.py. Weeks end with the
cutoff; a week without an open day is not scored. The default run is compared with quantiles of each product's
own past weeks, and the calibration of its weekly quantiles is shown.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import DEFAULT, FOUR_WEEKS, forecast_single, run, single
from accuracy_parts.peers import mean_of_last
from accuracy_parts.protocol import HORIZON, Origin, origins, scales_of
from accuracy_parts.results import Row, evaluate, score_cells
from accuracy_parts.scores import SCORED_LEVELS, Model, Output, mean_only

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import POOLED
from lepton_spark.panel.dense import weekly

WEEK, WEEKS = 7, HORIZON // 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    arguments = parser.parse_args()
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    score_rows: list[Row] = []
    calibration_rows: list[Row] = []
    for name in arguments.sets:
        days = origins(load_panel(name, sources, arguments.cache))
        results = evaluate(name, [in_weeks(origin) for origin in days], models(days))
        score_rows += results.score_rows(DEFAULT)
        calibration_rows += results.calibration_rows()
    title = f"accuracy of weekly totals, with 90 % intervals of the difference to {DEFAULT}"
    print_rows(title, [score_cells(row) for row in score_rows], 180)
    print_rows(
        "share of weeks below - at or below each quantile; ! = outside its band", calibration_rows, 200
    )


def models(days: list[Origin]) -> Mapping[str, Model]:
    """Models of weekly origins; one of them forecasts the daily histories of the same origins."""
    daily = {origin.index: origin.history for origin in days}
    return {
        DEFAULT: run(FOUR_WEEKS),
        "lepton pooled, weeks": single(POOLED, WEEKS),
        "lepton pooled, days added up": mean_only(lambda origin: days_added_up(daily[origin.index])),
        "mean of the last four weeks": mean_of_last(4, WEEKS),
        "quantiles of own past weeks": own_weeks,
    }


def days_added_up(history: History) -> FloatArray:
    """[S, weeks], weekly totals of daily forecasts over the open weekdays."""
    return week_totals(forecast_single(POOLED, history).forecast * is_open_ahead(history))


def is_open_ahead(history: History) -> FloatArray:
    """[H], 0 on weekdays that were closed in each of the last eight weeks, else 1."""
    is_open = ~np.isnan(history.quantity[:, -8 * WEEK :]).all(axis=0)
    by_weekday = is_open.reshape(-1, WEEK).any(axis=0)
    return np.tile(by_weekday, WEEKS).astype(np.float64)


def week_totals(days: FloatArray) -> FloatArray:
    """[S, N], totals of whole weeks of days [S, 7 N]."""
    return days.reshape(len(days), -1, WEEK).sum(axis=2)


def own_weeks(origin: Origin) -> Output:
    """Mean and empirical quantiles of each product's weeks so far."""
    start = time.perf_counter()
    past = origin.history.quantity
    quantiles = np.nanquantile(past, SCORED_LEVELS, axis=1, method="inverted_cdf").T  # [S, 3]
    forecast = np.repeat(np.nanmean(past, axis=1)[:, np.newaxis], WEEKS, axis=1)
    repeated = np.repeat(quantiles[:, np.newaxis], WEEKS, axis=1)
    return Output(forecast, repeated, time.perf_counter() - start)


def in_weeks(origin: Origin) -> Origin:
    """The origin with history, actuals and scales by week."""
    by_week = origin.actual.reshape(len(origin.actual), WEEKS, WEEK)
    is_closed = np.isnan(by_week).all(axis=2)
    history = weekly(origin.history)
    return replace(
        origin,
        history=history,
        actual=np.where(is_closed, np.nan, np.nansum(by_week, axis=2)),
        days=origin.days[WEEK - 1 :: WEEK],
        scales=scales_of(history),
    )


if __name__ == "__main__":
    main()
