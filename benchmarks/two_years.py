"""Two years made of one: what a product's own last year is worth where seasons return, and where they do not.

`python benchmarks/two_years.py`. No open set at hand holds two years. So half of the buyers of one (by a hash
of each) are moved a year earlier: the same products, seasons and promotions, other people. With `--years
returning` they keep their days, so that everything comes back, promotions to the week, which is more than a
real year does; with `--years shifted` they are moved half a year further round, so that nothing does. The
truth of a shop lies between. Origins, products and scores are those of accuracy.py.
"""

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import line, outputs, print_rows, shown, store
from accuracy_parts.ours import WITHOUT_LAST_YEAR
from accuracy_parts.protocol import Origin, origins
from accuracy_parts.scores import Sums, cell_sums, check, intervals, pool
from accuracy_parts.sets import READERS, Panel, add_sets, sources_of, to_panel
from rich.progress import track
from threadpoolctl import threadpool_limits

YEAR_DAYS = 364
SHIFT_DAYS = {"returning": 0, "shifted": YEAR_DAYS // 2}
AS_RUN = "lepton as run"
MODELS = (AS_RUN, WITHOUT_LAST_YEAR, "direct LightGBM", "SeasonalWindowAverage")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_sets(parser)
    parser.add_argument("--years", nargs="+", choices=sorted(SHIFT_DAYS), default=sorted(SHIFT_DAYS))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--csv", type=Path, default=Path("two_years.csv"))
    arguments = parser.parse_args()
    sources = sources_of(arguments.sets, arguments.online, Path("no prepared panels"))
    lines: list[dict[str, object]] = []
    for name in arguments.sets:
        sales = READERS[name](sources[name])
        for years in arguments.years:
            panel = two_years(f"{name}, {years}", sales, SHIFT_DAYS[years])
            lines += score(panel, arguments.models)
            store(lines, arguments.csv)
    print_rows("two years; differences are to the first model", [*map(shown, lines)], 180)


def two_years(name: str, sales: pd.DataFrame, shift: int) -> Panel:
    """The sales of one half of the buyers on their days, the other half's a year before.

    shift: days that the earlier year is turned round by.
    """
    first = sales["date"].max() - pd.Timedelta(days=YEAR_DAYS - 1)
    sales = sales[sales["date"] >= first]
    halves = {buyer: zlib.crc32(buyer.encode()) % 2 for buyer in sales["buyer"].unique()}
    earlier = sales["buyer"].map(halves).to_numpy() == 0
    turned = ((sales["date"] - first).dt.days + shift) % YEAR_DAYS - YEAR_DAYS
    moved = first + pd.to_timedelta(turned, unit="D")
    return to_panel(name, sales.assign(date=np.where(earlier, moved, sales["date"])))


def score(panel: Panel, models: Sequence[str]) -> list[dict[str, object]]:
    """A line for each model, all eight origins."""
    parts: dict[str, list[Sums]] = {model: [] for model in models}
    seconds = dict.fromkeys(models, 0.0)
    every: list[Origin] = origins(panel)
    with threadpool_limits(1):
        for origin in track(every, panel.name):
            for model, output in outputs(origin, models).items():
                check(model, origin, output)
                parts[model].append(cell_sums(origin, output))
                seconds[model] += output.seconds / len(every)
    pooled = {model: pool(sums) for model, sums in parts.items()}
    gaps = intervals(pooled, models[0])
    return [
        line(panel.name, "all", model, pooled[model], seconds[model], gaps.get(model, {})) for model in models
    ]


if __name__ == "__main__":
    main()
