"""Wall and processor seconds of whole `lepton run` processes on a small shop: 200 products, 400 days.

The first run finds no tables; the second finds nothing new. `python benchmarks/small_run.py [CHECKOUT ...]`
compares checkouts of the package in alternating runs; without one it measures this one. Processor seconds
are those of Python, Java and all workers (Linux only). `--set KEY=VALUE` goes to every run.
"""

import argparse
import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PRODUCTS, DAYS = 200, 400
ADOPT_ORPHANS = 36
"""Linux' PR_SET_CHILD_SUBREAPER: this process also inherits the Java process, to count its seconds."""

LEPTON = "import sys; from lepton_spark.cli import main; sys.exit(main())"


def main() -> None:
    arguments = read_arguments()
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    checkouts = [Path(checkout).resolve() for checkout in arguments.checkouts]
    seconds: dict[tuple[Path, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="small-run-") as folder:
        deliver(Path(folder) / "sales.csv")
        for repetition in range(arguments.repeat):
            for checkout in checkouts:
                root = Path(folder) / f"{checkouts.index(checkout)}-{repetition}"
                for run in ("first", "second"):
                    used = measure(checkout, Path(folder), root, arguments.settings)
                    seconds.setdefault((checkout, run), []).append(used)
                    print(f"{used[0]:8.1f} s  {used[1]:8.1f} s  {run}, {checkout}", flush=True)
    print("| run | checkout | wall s, median | processor s, median |\n|---|---|---|---|")
    for (checkout, run), used_by_run in seconds.items():
        wall, processor = (statistics.median(values) for values in zip(*used_by_run, strict=True))
        print(f"| {run} | {checkout.name} | {wall:.1f} | {processor:.1f} |")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkouts", nargs="*", default=[str(Path(__file__).parents[1])])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


def deliver(path: Path) -> None:
    """Writes daily sales: Poisson, with a mean per product."""
    rng = np.random.default_rng(1)
    days = pd.date_range("2023-01-01", periods=DAYS).strftime("%Y-%m-%d").to_numpy()
    quantity = rng.poisson(rng.gamma(2.0, 2.0, PRODUCTS)[:, None], (PRODUCTS, DAYS))
    products = np.repeat([f"P{number:03d}" for number in range(PRODUCTS)], DAYS)
    columns = {"product_id": products, "date": np.tile(days, PRODUCTS), "quantity": quantity.ravel()}
    pd.DataFrame(columns).to_csv(path, index=False)


def measure(checkout: Path, folder: Path, root: Path, settings: list[str]) -> tuple[float, float]:
    """Wall seconds of one process, and processor seconds of it and all processes that it started."""
    path = folder / "sales.csv"
    given = [
        f"warehouse.root={root}",
        f"input.path={path}",
        "input.kind=daily",
        "input.format=csv",
        *settings,
    ]
    options = [part for setting in given for part in ("--set", setting)]
    command = [sys.executable, "-c", LEPTON, "run", "--conf", checkout / "conf" / "base.yaml", *options]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    before, start = processor_seconds(), time.perf_counter()
    subprocess.run(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    wall = time.perf_counter() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return wall, processor_seconds() - before


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
