"""From delivered files to published forecasts, by size of a made-up catalogue, beside peers and limits.

`python benchmarks/speed.py --series 1000 10000`. For each size: a whole run of two years of sales on new
tables, then a run after one more day that keeps the models (`forecast.refit_days`); peers on the same lines
(speed_parts/peers.py); and what no run can be faster than (speed_parts/limits.py). Each runs in a process of
its own on two cores, and replaces its earlier rows in `--folder`; `--parts run` measures the runs alone. All
rows of the folder, also of other sizes, go to `speed.csv`, `speed.md` and the chart `speed.svg`.

The start of Spark and the generation of the sales are not counted. Bytes are those of Spark's event log.
processor s: of Java, this process and all workers, all stages that run at the time. heap MiB: the largest
heap of Java while a task ran, garbage included; in a local session driver and executor share it. java,
driver, worker MiB: resident memory of Java, of the Python driver and of the largest Python worker.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from accuracy_parts.console_table import print_rows
from speed_parts.catalogue import Catalogue, make_catalogue
from speed_parts.chart import write_chart
from speed_parts.limits import limits
from speed_parts.measures import Rows
from speed_parts.peers import PEERS
from speed_parts.results import read_rows, write_csv, write_markdown
from speed_parts.whole_run import full_run, next_day

MEASUREMENTS: Mapping[str, Callable[[Catalogue, Path, str], Rows]] = {
    "full-run": full_run,
    "next-day": next_day,
    **PEERS,
    "limits": limits,
}
PARTS: Mapping[str, tuple[str, ...]] = {
    "run": ("full-run", "next-day"),
    **{name: (name,) for name in PEERS},
    "limits": ("limits",),
}

PRINTED = ("catalogue", "work", "stage", "series", "seconds", "ms/series", "processor s", "heap MiB",
           "driver MiB", "worker MiB")  # fmt: skip


def main() -> None:
    arguments = read_arguments()
    folder = Path(arguments.folder)
    if arguments.one:
        measure(folder, arguments.series[0], arguments.one, arguments.memory)
        return
    failed = list(measure_all(folder, arguments))
    write_results(folder)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}; see their messages above")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--series", type=int, nargs="+", default=[1_000, 10_000], help="products")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--memory", default="2g", help="heap of Java")
    parser.add_argument("--folder", default="output/speed", help="holds the sales, tables and figures")
    parser.add_argument("--one", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure_all(folder: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """Measures every size and part in a process of its own; yields those that failed."""
    names = [name for part in arguments.parts for name in PARTS[part]]
    for n_products in arguments.series:
        print(f"{n_products:,} products, generate their sales unless they are there", flush=True)
        make_catalogue(folder / f"sales-{n_products}", n_products)
        for name in names:
            print(f"{n_products:,} products, {name}", flush=True)
            command = [sys.executable, __file__, "--one", name, "--series", str(n_products)]
            command += ["--folder", str(folder), "--memory", arguments.memory]
            if subprocess.run(command, check=False).returncode:
                yield f"{name} of {n_products:,} products"
        shutil.rmtree(scratch_of(folder, n_products), ignore_errors=True)


def measure(folder: Path, n_products: int, name: str, memory: str) -> None:
    """Writes the rows of one measurement."""
    catalogue, scratch = (
        make_catalogue(folder / f"sales-{n_products}", n_products),
        scratch_of(folder, n_products),
    )
    shutil.rmtree(scratch / "events", ignore_errors=True)
    rows = MEASUREMENTS[name](catalogue, scratch, memory)
    write_csv(rows, folder / "rows" / f"{n_products:08d}-{list(MEASUREMENTS).index(name)}-{name}.csv")


def scratch_of(folder: Path, n_products: int) -> Path:
    return folder / f"scratch-{n_products}"


def write_results(folder: Path) -> None:
    """All rows of the folder as CSV, Markdown and a chart."""
    rows = [row for path in sorted((folder / "rows").glob("*.csv")) for row in read_rows(path)]
    write_csv(rows, folder / "speed.csv")
    write_markdown(rows, folder / "speed.md")
    print_rows("from lines to forecasts", [{key: row[key] for key in PRINTED} for row in rows], 160)
    write_chart(rows, folder / "speed.svg")


if __name__ == "__main__":
    main()
