"""What a product's own last year is worth where seasons return, and where they do not.

`python benchmarks/two_years.py`. The public sets hold one year, so two are made of it: half of the buyers
(by a hash of each) are moved a year earlier. With `--years returning` they keep their days, so that all
returns, promotions to the week, which is more than in reality; with `--years shifted` they are moved half a
year further, so that nothing returns. A real shop is in between. Origins, products and scores are those of
accuracy.py; the peers among the models need `pip install 'lepton-spark[peers]'`.
"""

import argparse
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import MODELS
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import READERS, Panel, add_set_arguments, find_sources, to_panel
from accuracy_parts.lepton_models import DEFAULT, WITHOUT_LAST_YEAR
from accuracy_parts.peers import require_libraries
from accuracy_parts.protocol import origins
from accuracy_parts.results import Row, evaluate, score_cells, write_csv

YEAR_DAYS = 364
SHIFT_DAYS = {"returning": 0, "shifted": YEAR_DAYS // 2}
COMPARED = (DEFAULT, WITHOUT_LAST_YEAR, "direct LightGBM", "SeasonalWindowAverage")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser, with_cache=False)  # prepared panels have no buyers
    parser.add_argument("--years", nargs="+", choices=sorted(SHIFT_DAYS), default=sorted(SHIFT_DAYS))
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=COMPARED, metavar="MODEL")
    parser.add_argument("--csv", type=Path, default=Path("two_years.csv"))
    arguments = parser.parse_args()
    require_libraries(arguments.models)
    sources = find_sources(arguments.sets, arguments.online, None)
    rows: list[Row] = []
    for name in arguments.sets:
        sales = READERS[name](sources[name])
        for years in arguments.years:
            panel = two_years(f"{name}, {years}", sales, SHIFT_DAYS[years])
            models = {model: MODELS[model] for model in arguments.models}
            rows += evaluate(panel.name, origins(panel), models).score_rows(arguments.models[0])
            write_csv(rows, arguments.csv)
    title = f"two years, with 90 % intervals of the difference to {arguments.models[0]}"
    print_rows(title, [score_cells(row) for row in rows], 180)


def two_years(name: str, sales: pd.DataFrame, shift: int) -> Panel:
    """The last year of sales, with those of half of the buyers moved a year back.

    sales: `product_id`, `date`, `quantity`, `buyer`. shift: days by which the earlier year is rotated.
    """
    first = sales["date"].max() - pd.Timedelta(days=YEAR_DAYS - 1)
    sales = sales[sales["date"] >= first]
    halves = {buyer: zlib.crc32(buyer.encode()) % 2 for buyer in sales["buyer"].unique()}
    is_earlier = sales["buyer"].map(halves).to_numpy() == 0
    days_back = ((sales["date"] - first).dt.days + shift) % YEAR_DAYS - YEAR_DAYS
    moved = first + pd.to_timedelta(days_back, unit="D")
    return to_panel(name, sales.assign(date=np.where(is_earlier, moved, sales["date"])))


if __name__ == "__main__":
    main()
