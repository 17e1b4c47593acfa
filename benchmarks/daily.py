"""Nights of a shop that loads yesterday's sales and forecasts: time and disk space of each day.

`python benchmarks/daily.py --days 400 --maintain 7`. A made-up catalogue, a year of sales first, then one
file a day; with `forecast.refit_days: 7`. `--maintain 0` never runs `lepton maintain`. One Spark session runs
all days. Each day becomes a row of `daily.csv` in `--folder` at once: wall seconds, processor seconds of
Python, Java and workers (Linux only), and files. Files that Delta keeps for a month are never deleted here,
because all days pass within hours: `data MiB`, `data files`, `log MiB` and `log files` are those of a month
at most in a real shop. `in NAME` are the files that the table uses now.
"""

import argparse
import csv
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from accuracy_parts.console_table import print_rows
from speed_parts.catalogue import FIRST_DAY, SHARE_AT_ONCE, lines
from speed_parts.measures import COLUMNS, MIB
from speed_parts.processes import processor_seconds

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.run import run_all
from lepton_spark.session import open_session
from lepton_spark.tables import TABLES, Warehouse

BEFORE = 365
"""Days of sales in the first delivery."""
SHOWN = (1, 7, 14)
SHOWN_EVERY = 28
COUNTED = ("files", "transactions", "sales", "panel", "forecasts", "runs")
"""Tables whose files in use are counted."""

Row = dict[str, int | float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--maintain", type=int, default=7, help="run maintain every so many days; 0: never")
    parser.add_argument("--refit-days", type=int, default=7, help="0: every run is a full one")
    parser.add_argument("--folder", default="output/daily", help="holds the sales, tables and figures")
    arguments = parser.parse_args()
    folder = Path(arguments.folder)
    shutil.rmtree(folder, ignore_errors=True)
    sales = all_sales(arguments.series, BEFORE + arguments.days)
    folder.mkdir(parents=True)
    rows = []
    with (folder / "daily.csv").open("w", newline="", buffering=1) as file:
        for row in run_days(folder, sales, arguments):
            writer = csv.DictWriter(file, list(row))
            if not rows:
                writer.writeheader()
            writer.writerow(row)
            print(row, flush=True)
            rows.append(row)
    print_rows("nights", [row for row in rows if row["day"] in SHOWN or row["day"] % SHOWN_EVERY == 0], 180)


def all_sales(n_series: int, n_days: int) -> pa.Table:
    """The lines of all days."""
    starts = range(0, n_series, SHARE_AT_ONCE)
    parts = [lines(start, min(start + SHARE_AT_ONCE, n_series), n_days) for start in starts]
    return pa.concat_tables(parts)


def run_days(folder: Path, sales: pa.Table, arguments: argparse.Namespace) -> Iterator[Row]:
    """Delivers and runs day after day; a row for each."""
    data, root = folder / "sales", folder / "tables"
    data.mkdir()
    config = configuration(data, root, arguments.refit_days)
    spark = open_session(config.spark, "daily")
    context = JobContext(spark, Warehouse(spark, config.warehouse.root), config, lambda: datetime.now(UTC))
    for day in range(arguments.days + 1):
        deliver(sales, data, BEFORE - 1 + day, first=day == 0)
        ran = measured(lambda: run_all(replace(context), on_ingested=lambda _: None))
        is_due = arguments.maintain and day and day % arguments.maintain == 0
        maintained = measured(lambda: run_maintain(replace(context))) if is_due else (0.0, 0.0)
        seconds = dict(zip(("run", "run cpu", "maintain", "maintain cpu"), (*ran, *maintained), strict=True))
        yield {"day": day, **seconds, **sizes(root), **files_in_use(context.warehouse)}
    spark.stop()


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of some work."""
    begin, before = time.perf_counter(), processor_seconds()
    work()
    return round(time.perf_counter() - begin, 1), round(processor_seconds() - before, 1)


def deliver(sales: pa.Table, folder: Path, day: int, *, first: bool) -> None:
    """Writes the lines of one day, or of all days up to the first one, as a file."""
    date = pa.scalar(FIRST_DAY + timedelta(days=day))
    compare = pc.less_equal if first else pc.equal
    pq.write_table(sales.filter(compare(sales["day"], date)), folder / f"sales-{day:05d}.parquet")


def sizes(root: Path) -> Mapping[str, int | float]:
    """MiB and numbers of files of all tables together, data and logs apart, deleted ones included."""
    files = [path for name in TABLES for path in (root / name).rglob("*") if path.is_file()]
    logs = [path.stat().st_size for path in files if "_delta_log" in path.parts]
    others = [path for path in files if "_delta_log" not in path.parts]
    data = [path.stat().st_size for path in others if path.suffix == ".parquet"]
    return {
        "data MiB": round(float(np.sum(data)) / MIB, 1),
        "data files": len(data),
        "log MiB": round(float(np.sum(logs)) / MIB, 1),
        "log files": len(logs),
    }


def files_in_use(warehouse: Warehouse) -> Mapping[str, int]:
    return {f"in {name}": len(warehouse.read(name).inputFiles()) for name in COUNTED}


def configuration(data: Path, root: Path, refit_days: int) -> Config:
    return Config.model_validate(
        {
            "warehouse": {"root": str(root)},
            "input": {"path": str(data), "format": "parquet", "kind": "daily", "columns": COLUMNS},
            "panel": {"last_day": "complete"},
            "forecast": {"refit_days": refit_days or None},
            "gates": {"enabled": False},
        }
    )


if __name__ == "__main__":
    main()
