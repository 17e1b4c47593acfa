"""Two real years of one shop: what a known last year is worth where seasons are real, beside peers.

`python benchmarks/real_years.py`. Online Retail and its year before (UCI data sets 352 and 502) are one shop
from December 2009 to December 2011. Origins, products and scores are those of accuracy.py, in the spring of
2011 (cutoffs from 24 February to 2 June, with Easter) and up to the second Christmas (4 August to 10
November). Nothing is tuned on them. Peers need `pip install 'lepton-spark[peers]'`.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import ONLINE, Panel, online_lines, priced_goods, to_panel
from accuracy_parts.lepton_models import DEFAULT, WITHOUT_LAST_YEAR, RunSettings, run
from accuracy_parts.peers import PEERS, recursive_lightgbm, require_libraries
from accuracy_parts.protocol import HORIZON, N_LAST, N_ORIGINS, origins
from accuracy_parts.results import Row, evaluate, score_cells, write_csv
from accuracy_parts.scores import Model

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.settings import PooledSettings
from lepton_spark.models.registry import SEASONAL_LAST_YEAR
from lepton_spark.panel.calendar_rows import events_of
from lepton_spark.panel.public_holidays import public_holidays

FIRST_YEAR = ONLINE.parent / "online_retail_2009" / "online_retail_2009_2010.parquet"
RENAMED = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}
"""Columns of the first year that the second one calls by another name."""

LAST_DAYS = {"spring": "2011-06-30", "Christmas": "2011-12-08"}
"""Last scored day of each set of origins."""

REGION = "GB-ENG"
ONE_YEAR = 365
LAST_YEAR_PEER = "mlforecast Poisson, last year"
NOT_SEASONAL = tuple(name for name in ForecastSettings().models if name != SEASONAL_LAST_YEAR)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--online", type=Path, default=ONLINE, help="folder of Online Retail")
    parser.add_argument("--first-year", type=Path, default=FIRST_YEAR, help="Parquet file of the year before")
    parser.add_argument("--sets", nargs="+", choices=list(LAST_DAYS), default=list(LAST_DAYS))
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), metavar="MODEL")
    parser.add_argument("--csv", type=Path, default=Path("real_years.csv"))
    arguments = parser.parse_args()
    require_libraries(["AutoETS" if name == LAST_YEAR_PEER else name for name in arguments.models])
    panel = to_panel("two years", read_real_years(arguments.first_year, arguments.online))
    models = {name: MODELS[name] for name in arguments.models}
    rows: list[Row] = []
    for name in arguments.sets:
        results = evaluate(name, origins(until(panel, LAST_DAYS[name])), models)
        rows += results.score_rows(arguments.models[0])
        rows += results.score_rows(arguments.models[0], N_ORIGINS - N_LAST, "last two")
        write_csv(rows, arguments.csv)
    title = f"two real years, with 90 % intervals of the difference to {arguments.models[0]}"
    print_rows(title, [score_cells(row) for row in rows], 180)


def read_real_years(first_year: Path, online: Path) -> pd.DataFrame:
    """Sales of both years; the days that both files hold are taken from the second one."""
    later = online_lines(online)
    earlier = pd.read_parquet(first_year).rename(columns=RENAMED)
    earlier = earlier[earlier["InvoiceDate"] < later["InvoiceDate"].min()[:10]]
    return priced_goods(pd.concat([earlier.astype("string").fillna("").astype(object), later]))


def until(panel: Panel, last: str) -> Panel:
    """The panel up to a day, inclusive, with the products sold by then."""
    n_days = int(np.searchsorted(panel.days, np.datetime64(last, "D").astype(np.int64), side="right"))
    return replace(panel, days=panel.days[:n_days], quantity=panel.quantity[:, :n_days])


def with_history(change: Callable[[History], History]) -> Model:
    """The default run on a changed history."""
    return lambda origin: run()(replace(origin, history=change(origin.history)))


def with_holidays(history: History) -> History:
    """The history with the public holidays of England."""
    first, last = int(history.days[0]), int(history.days[-1]) + HORIZON
    return replace(history, events=events_of(public_holidays(REGION, first, last), first))


def last_days(history: History) -> History:
    """The last year of a history."""
    return History(history.quantity[:, -ONE_YEAR:], history.days[-ONE_YEAR:])


def without(**parts: bool) -> Model:
    """The default run without parts of the pooled models."""
    return run(RunSettings(pooled=PooledSettings(**parts)))


MODELS: Mapping[str, Model] = {
    DEFAULT: run(),
    "lepton without year weeks": without(use_year_weeks=False),
    WITHOUT_LAST_YEAR: without(use_last_year=False),
    "lepton without either": without(use_year_weeks=False, use_last_year=False),
    "lepton without seasonal_last_year": run(
        RunSettings(config=Config(forecast=ForecastSettings(models=NOT_SEASONAL)))
    ),
    f"lepton with holidays {REGION}": with_history(with_holidays),
    "lepton, last 365 days only": with_history(last_days),
    **{
        name: PEERS[name]
        for name in ("SeasonalNaive(7)", "SeasonalWindowAverage", "direct LightGBM", "mlforecast Poisson")
    },
    LAST_YEAR_PEER: recursive_lightgbm("poisson", last_year=True),
    "AutoETS": PEERS["AutoETS"],
}
"""The default run, without and with each part that looks at past years, and the peers."""


if __name__ == "__main__":
    main()
