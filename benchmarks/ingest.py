"""Seconds of each stage from delivered files to published forecasts, and bytes on disk per line.

Beside the time on the clock, the processor seconds of this process and all below it, which depend less on
what else the machine does.

`python benchmarks/ingest.py --products 20000 --days 730` generates daily sales of one file per half-year;
`--format csv` delivers them as CSV; `--conf conf/demo.yaml` loads the files of a configuration instead. The
start of Spark and the generation are not counted. To compare two versions of the package, run this file with
each of them on PYTHONPATH and the same `--folder`.
"""

import argparse
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from speed_parts.processes import processor_seconds

from lepton_spark.config import Config, load_config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.run import run_all
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

FIRST_DAY = date(2023, 1, 1)
DAYS_PER_FILE = 183


class Stages:
    """Keeps the seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, title: str) -> Iterator["Stages"]:
        """Measures and prints the block."""
        start, start_of_processor = time.perf_counter(), processor_seconds()
        yield self
        self.seconds[title] = self.seconds.get(title, 0.0) + time.perf_counter() - start
        processor = processor_seconds() - start_of_processor
        print(f"{self.seconds[title]:8.1f} s {processor:8.1f} of processor  {title}", flush=True)

    def note(self, text: str) -> None:
        """Prints a result of the stage."""
        print(f"            {text}", flush=True)


def main() -> None:
    arguments = read_arguments()
    folder = Path(arguments.folder)
    root = folder / "warehouse"
    shutil.rmtree(root, ignore_errors=True)
    config = configuration(arguments, folder, root)
    spark = open_session(config.spark, "ingest")
    stages = Stages()
    warehouse = Warehouse(spark, config.warehouse.root)
    context = JobContext(spark, warehouse, config, lambda: datetime.now(UTC), stages)
    spark.range(1_000_000).selectExpr("sum(id)").collect()
    with stages.stage("all"):
        result = run_all(context, on_ingested=lambda _: None)
    n_lines = result.ingest.counts["lines_read"]
    print(f"{n_lines:,} lines, {result.ingest.counts['accepted']:,} accepted; {result.publish.why}")
    for name in ("transactions", "sales", "panel", "rejects"):
        size = sum(path.stat().st_size for path in (root / name).rglob("*.parquet"))
        print(f"{name}: {size / n_lines:.1f} bytes per line")
    spark.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--conf", nargs="+", default=[], help="load the files of these configurations")
    parser.add_argument("--folder", required=True, help="holds the files and tables")
    return parser.parse_args()


def configuration(arguments: argparse.Namespace, folder: Path, root: Path) -> Config:
    """The configuration of the benchmark; generates the files if they are not there yet."""
    replaced = {"warehouse": {"root": str(root)}}
    if arguments.conf:
        return load_config(arguments.conf, [f"warehouse.root={root}"]).config
    data = folder / f"{arguments.format}-{arguments.products}x{arguments.days}"
    if not data.exists():
        generate(data, arguments)
    settings = {"path": str(data), "format": arguments.format, "kind": "daily"}
    columns = {"product_id": "sku", "date": "day", "quantity": "units", "price": "price"}
    return Config.model_validate(replaced | {"input": settings | {"columns": columns}})


def generate(data: Path, arguments: argparse.Namespace) -> None:
    """Daily sales with a weekday profile, one file per half-year."""
    data.mkdir(parents=True)
    rng = np.random.default_rng(1)
    level = np.exp(rng.normal(1.0, 1.0, arguments.products))
    price = np.round(np.exp(rng.normal(2.0, 0.8, arguments.products)), 2)
    names = np.array([f"SKU-{number:07d}" for number in range(arguments.products)])
    for start in range(0, arguments.days, DAYS_PER_FILE):
        days = np.arange(start, min(start + DAYS_PER_FILE, arguments.days))
        units = rng.poisson(level * rng.gamma(5.0, 0.2, (len(days), 1)))
        dates = pa.array([FIRST_DAY + timedelta(days=int(day)) for day in days])
        table = pa.table(
            {
                "day": dates.take(pa.array(np.repeat(np.arange(len(days)), len(names)))),
                "sku": pa.array(np.tile(names, len(days))),
                "units": units.ravel(),
                "price": np.tile(price, len(days)),
            }
        )
        path = data / f"sales-{start:04d}.{arguments.format}"
        if arguments.format == "csv":
            pyarrow.csv.write_csv(table, path)
        else:
            pq.write_table(table, path, row_group_size=1 << 20)


if __name__ == "__main__":
    main()
