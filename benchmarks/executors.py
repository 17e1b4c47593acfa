"""How the fit stage scales with executors: a standalone cluster of two workers on this machine.

`python benchmarks/executors.py --series 8000`. Scores all candidates and fits made-up series of two years
with one executor of one core, then with two, each in a Spark session of its own; nothing is written. Every
figure is the fastest of `--repeat` tries.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import synthetic
from accuracy_parts.console_table import print_rows
from pyspark import cloudpickle
from throughput import Bench, Stage, measure, to_no_op_sink

from lepton_spark.config import SparkSettings
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.score import score
from lepton_spark.pipelines.forecast.tasks import in_tasks, task_count
from lepton_spark.session import open_session

N_DAYS = 730


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=8_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--executors", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--master", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.master is not None:
        run(arguments)
        return
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.pipelines.cluster import standalone_cluster  # noqa: PLC0415 - the repository is no package

    with tempfile.TemporaryDirectory(prefix="executors-") as folder:
        for executors in (1, 2):
            with standalone_cluster(Path(folder) / f"{executors}") as master:
                command = [sys.executable, __file__, "--executors", f"{executors}", "--master", master]
                sizes = ["--series", f"{arguments.series}", "--repeat", f"{arguments.repeat}"]
                subprocess.run([*command, *sizes], check=True)


def run(arguments: argparse.Namespace) -> None:
    """Measures with so many executors of one core."""
    options = {"spark.cores.max": f"{arguments.executors}", "spark.executor.memory": "900m"}
    settings = SparkSettings(master=arguments.master, driver_memory="2g", options=options)
    cloudpickle.register_pickle_by_value(synthetic)  # executors cannot import from this folder
    spark = open_session(settings, "executors")
    with tempfile.TemporaryDirectory(prefix="executors-") as folder:
        bench = Bench(spark, folder, arguments.series, N_DAYS)
        bench.write_panel()
        scored = Stage("score the candidates", arguments.series, scoring(bench))
        rows = [measure(scored, arguments.repeat)]  # before `fitting` caches the same frame
        fitted = Stage("choose, fit and forecast", arguments.series, fitting(bench))
        rows.append(measure(fitted, arguments.repeat))
    print_rows(f"{arguments.executors} executors of one core", rows, 100)
    spark.stop()


def scoring(bench: Bench) -> Callable[[], None]:
    settings = bench.settings()
    return lambda: to_no_op_sink(score(in_tasks(bench.series(), n_tasks(bench)), settings))


def fitting(bench: Bench) -> Callable[[], None]:
    settings = bench.settings()
    errors = ClassErrors.none(len(settings.evaluation.candidates))
    candidates = score(in_tasks(bench.series(), n_tasks(bench)), settings).persist()
    candidates.count()

    def work() -> None:
        to_no_op_sink(fit(in_tasks(bench.series(), n_tasks(bench)), candidates, settings, errors))

    return work


def n_tasks(bench: Bench) -> int:
    return task_count(bench.n_batches, 2)


if __name__ == "__main__":
    main()
