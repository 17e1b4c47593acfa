"""Series per second of whole stages in Spark, from the panel on.

`python benchmarks/throughput.py --series 20000 --days 730`. Synthetic sales are written to Delta first;
neither that nor the start of Spark is counted. Every row is the fastest of `--repeat` tries.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic
from accuracy_parts.console_table import print_rows
from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from speed_parts.processes import resident_memory
from synthetic import CUTOFF, packed_years

from lepton_spark.config import Config, ForecastSettings, SparkSettings, WarehouseSettings
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.output import published_tables
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.panel.calendar import Calendar, epoch_day
from lepton_spark.panel.series import batch_count, run_series
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.forecast import write_forecasts
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

PACKED = (
    "product_id string, location_id string, chunk int, first_date date, quantity array<double>, "
    "price array<double>"
)
GENERATED_AT_ONCE = 1_024


@dataclass(frozen=True)
class Stage:
    """What is measured."""

    name: str
    n_series: int
    run: Callable[[], None]


def main() -> None:
    arguments = read_arguments()
    settings = SparkSettings(
        master=f"local[{arguments.cores}]", driver_memory="3g", shuffle_partitions=2 * arguments.cores
    )
    cloudpickle.register_pickle_by_value(synthetic)  # workers cannot import from this folder
    spark = open_session(settings, "throughput")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = Bench(spark, folder, arguments.series, arguments.days)
        bench.write_panel()
        rows = [measure(stage, arguments.repeat) for stage in bench.stages()]
    title = f"{arguments.series:,} series, {arguments.days} days, {arguments.cores} cores"
    print_rows(title, rows, 110)
    print_rows("largest resident memory", [peak_memory()], 110)
    spark.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--folder", help="parent of the temporary tables; default: the system's")
    return parser.parse_args()


def measure(stage: Stage, repeat: int) -> dict[str, object]:
    """A table row with the fastest of some tries."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        stage.run()
        seconds.append(time.perf_counter() - start)
    row = {
        "stage": stage.name,
        "series": f"{stage.n_series:,}",
        "seconds": f"{min(seconds):.1f}",
        "series/s": f"{stage.n_series / min(seconds):,.0f}",
    }
    print(", ".join(row.values()), flush=True)
    return dict(row)


class Bench:
    """A synthetic panel and the stages that process it."""

    def __init__(self, spark: SparkSession, folder: str, n_series: int, n_days: int) -> None:
        self._spark = spark
        self._n_series = n_series
        self._n_days = n_days
        self._config = Config(warehouse=WarehouseSettings(root=str(Path(folder) / "warehouse")))
        self._warehouse = Warehouse(spark, self._config.warehouse.root)
        self.n_batches = batch_count(n_series, self._config.forecast.series_per_batch)
        cutoff = epoch_day(CUTOFF)
        self._calendar = Calendar({"all": np.arange(cutoff - n_days + 1, cutoff + 1)}, cutoff)

    def write_panel(self) -> None:
        """Write the synthetic sales into `panel`."""
        n_days = self._n_days

        def packed(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            for frame in frames:
                for start in range(0, len(frame), GENERATED_AT_ONCE):
                    ids = frame["id"].to_numpy()[start : start + GENERATED_AT_ONCE]
                    yield packed_years(ids, n_days).assign(price=None)

        ids = self._spark.range(0, self._n_series, 1, 4)
        rows = ids.mapInPandas(packed, PACKED)
        unknown = F.transform("quantity", lambda units: F.nanvl(units, F.lit(None)))
        self._warehouse.overwrite("panel", rows.withColumn("quantity", unknown))

    def stages(self) -> Iterator[Stage]:
        """Every stage, the shorter ones first."""
        default = self.settings()
        ridge = self.settings(ForecastSettings(models=("ridge",), half_lives=(84.0,)))
        alone = replace(ridge, evaluation=replace(ridge.evaluation, windows=()))
        n_candidates = len(default.evaluation.candidates)
        yield Stage("ridge, pass B without backtest, to a no-op sink", self._n_series, self._pass_b(alone))
        yield Stage("ridge, from panel to forecasts in Delta", self._n_series, self._forecasts(alone))
        yield Stage("ridge, from panel to all tables", self._n_series, self._all_tables(alone))
        name = f"default, {n_candidates} candidates, from panel to all tables"
        yield Stage(name, self._n_series, self._all_tables(default))

    def settings(self, forecast: ForecastSettings | None = None) -> FitSettings:
        """The settings of a run, by default with the standard portfolio."""
        config = self._config.model_copy(update={"forecast": forecast or ForecastSettings()})
        return fit_settings(config, self._calendar)

    def series(self) -> DataFrame:
        """The packed years of every series, in batches."""
        return run_series(self._warehouse.read("panel"), None, CUTOFF, self.n_batches)

    def _fits(self, settings: FitSettings) -> DataFrame:
        errors = ClassErrors.none(len(settings.evaluation.candidates))
        return fit(self.series(), self._warehouse.read("candidates"), settings, errors)

    def _pass_b(self, settings: FitSettings) -> Callable[[], None]:
        return lambda: to_no_op_sink(self._fits(settings))

    def _forecasts(self, settings: FitSettings) -> Callable[[], None]:
        def run() -> None:
            run_id = new_run_id()
            self._warehouse.append("fits", self._fits(settings).withColumn("run_id", F.lit(run_id)))
            fits = self._warehouse.read("fits").where(F.col("run_id") == F.lit(run_id))
            self._warehouse.append("forecasts", published_tables.forecasts(fits, CUTOFF))

        return run

    def _all_tables(self, settings: FitSettings) -> Callable[[], None]:
        """The forecast pipeline after its plan."""

        def run() -> None:
            counts = {"series_in": self._n_series}
            row = Run(new_run_id(), "forecast", n_batches=self.n_batches, counts=counts)
            context = JobContext(self._spark, self._warehouse, self._config, lambda: datetime.now(UTC))
            write_forecasts(context, Plan(row, CUTOFF, settings))

        return run


def new_run_id() -> str:
    return f"{time.monotonic_ns():x}"


def to_no_op_sink(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def peak_memory() -> dict[str, str]:
    """Peak memory of the Python driver, of Java and of the largest Python worker."""
    return {name: f"{mib:,.0f} MiB" for name, mib in resident_memory("VmHWM").items()}


if __name__ == "__main__":
    main()
