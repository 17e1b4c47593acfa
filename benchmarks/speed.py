"""A whole run, from delivered files to published forecasts, of made-up catalogues of rising size.

`python benchmarks/speed.py --series 1000 10000 100000`. Each size runs in a process of its own, on new
tables; the start of Spark and the generation of the sales are not counted. Writes a row for each stage to
`--folder` as CSV and Markdown.
"""

import argparse
import csv
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from accuracy_parts.console_table import print_rows
from speed_parts.catalogue import write_catalogue
from speed_parts.measures import COLUMNS, Stages, rows_of, task_bytes

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.run import run_all
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse


def main() -> None:
    arguments = read_arguments()
    folder = Path(arguments.folder)
    if arguments.one:
        run_one(folder, arguments.series[0], arguments.memory)
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for n_series in arguments.series:
        command = [sys.executable, __file__, "--one", "--series", str(n_series), "--folder", str(folder)]
        subprocess.run([*command, "--memory", arguments.memory], check=True)
        with (folder / f"{n_series}.csv").open() as file:
            rows += [dict(row) for row in csv.DictReader(file)]
    write(rows, folder / "speed.csv")
    write_markdown(rows, folder / "speed.md")
    print_rows("from files to published forecasts", rows, 140)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--memory", default="2g", help="heap of Java")
    parser.add_argument("--folder", default="output/speed", help="holds the sales, tables and figures")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_one(folder: Path, n_series: int, memory: str) -> None:
    """Generate, load and forecast one catalogue."""
    data, root, log = (folder / f"{name}-{n_series}" for name in ("sales", "tables", "events"))
    if not data.exists():
        write_catalogue(data, n_series)
    for old in (root, log):
        shutil.rmtree(old, ignore_errors=True)
    log.mkdir()
    config = configuration(data, root, log, memory)
    spark = open_session(config.spark, "speed")
    spark.range(1_000_000).selectExpr("sum(id)").collect()
    stages = Stages()
    context = JobContext(
        spark, Warehouse(spark, config.warehouse.root), config, lambda: datetime.now(UTC), stages
    )
    run_all(context, on_ingested=lambda _: None)
    spark.stop()
    write(rows_of(stages.costs, task_bytes(log), n_series), folder / f"{n_series}.csv")
    shutil.rmtree(root)
    shutil.rmtree(log)


def configuration(data: Path, root: Path, log: Path, memory: str) -> Config:
    events = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.absolute().as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    return Config.model_validate(
        {
            "warehouse": {"root": str(root)},
            "input": {"path": str(data), "format": "parquet", "kind": "daily", "columns": COLUMNS},
            "spark": {"driver_memory": memory, "options": events},
            "gates": {"enabled": False},
        }
    )


def write(rows: list[dict[str, object]], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_markdown(rows: list[dict[str, object]], path: Path) -> None:
    header = list(rows[0])
    lines = [header, ["---"] * len(header), *([str(value) for value in row.values()] for row in rows)]
    path.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines))


if __name__ == "__main__":
    main()
