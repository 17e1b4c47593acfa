"""Series a second: from packed rows to a no-op sink, from Delta to Delta, and peers on the same machine.

`python benchmarks/throughput.py --series 20000 --days 730`. Synthetic sales are written to Delta first;
neither that nor Spark's start is counted. Every line is the best of `--repeat` runs.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from lepton_spark.forecasting.arrow import by_series, lists, packed_batch
from lepton_spark.forecasting.passes.fan_out import fit
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from lepton_spark.config import Config, ForecastSettings, SparkSettings, WarehouseSettings
from lepton_spark.evaluation.backtest import clip_forecast
from lepton_spark.forecasting.output import published_tables
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.registry import create
from lepton_spark.panel.calendar import Calendar, epoch_day
from lepton_spark.panel.dense import dense_history
from lepton_spark.panel.series import batch_count, run_series
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.forecast import write_forecasts
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.runs.run_log import Run
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

CUTOFF = date(2024, 12, 31)
PACKED = "first_date date, quantity array<double>, price array<double>"
OUT = "product_id string, location_id string, forecast array<double>"
PEER_SERIES = 500


@dataclass(frozen=True)
class Measured:
    """One line of the table; target: series a second, None for peers."""

    what: str
    n_series: int
    seconds: float
    target: float | None = None

    @property
    def rate(self) -> float:
        """Series a second."""
        return self.n_series / self.seconds


def main() -> None:
    arguments = read_arguments()
    spark = open_session(
        SparkSettings(
            master=f"local[{arguments.cores}]", driver_memory="3g", shuffle_partitions=2 * arguments.cores
        ),
        "throughput",
    )
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = Bench(spark, folder, arguments.series, arguments.days)
        bench.prepare()
        lines = [measure(arguments.repeat, *line) for line in bench.lines(peers=not arguments.no_peers)]
    show(arguments, lines)
    spark.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--no-peers", action="store_true", help="leave out scikit-learn a product at a time")
    parser.add_argument(
        "--folder", help="where the tables are written; default: the system's temporary folder"
    )
    return parser.parse_args()


class Bench:
    """The synthetic panel and the ways to work it."""

    def __init__(self, spark: SparkSession, folder: str, n_series: int, n_days: int) -> None:
        self.spark = spark
        self.n_series = n_series
        self.n_days = n_days
        self.config = Config(warehouse=WarehouseSettings(root=str(Path(folder) / "warehouse")))
        self.warehouse = Warehouse(spark, self.config.warehouse.root)
        first = epoch_day(CUTOFF) - n_days + 1
        self.calendar = Calendar({"all": np.arange(first, epoch_day(CUTOFF) + 1)}, epoch_day(CUTOFF))

    def prepare(self) -> None:
        """Write the panel, two years a series."""
        first, n_days = CUTOFF - timedelta(days=self.n_days - 1), self.n_days

        def packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield packed_years(batch.column("id").to_numpy(), first, n_days)

        ids = self.spark.range(0, self.n_series, 1, 4)
        self.warehouse.overwrite(
            "panel", ids.mapInArrow(packed, f"product_id string, location_id string, chunk int, {PACKED}")
        )

    @property
    def series(self) -> DataFrame:
        """The run's series, read from Delta at each use."""
        return run_series(self.warehouse.read("panel"), None, CUTOFF, self.n_batches)

    @property
    def n_batches(self) -> int:
        """As a run would choose it."""
        return batch_count(self.n_series, self.config.forecast.series_per_batch)

    def lines(self, *, peers: bool) -> Iterator[tuple[str, int, Callable[[], None], float | None]]:
        """What is measured: words, series, the work, the target."""
        ridge = replace(self._settings(models=("ridge",), half_lives=(84.0,)), windows=())
        yield (
            "ridge, 28 days, packed rows to no-op (Arrow)",
            self.n_series,
            self._lean(ridge, "arrow"),
            10_000,
        )
        yield "the same by a grouped pandas UDF", self.n_series, self._lean(ridge, "pandas"), None
        yield "pass B without backtest to no-op", self.n_series, self._pass_b(ridge), None
        yield "ridge, Delta panel to `forecasts` in Delta", self.n_series, self._to_forecasts(ridge), 3_000
        yield "the same, and metrics, models, counts", self.n_series, self._to_delta(ridge), None
        yield (
            f"full default ({len(self._settings().candidates)} candidates, backtest, 7 tables)",
            self.n_series,
            self._to_delta(self._settings()),
            None,
        )
        if peers:
            yield self._scikit_learn()

    def _settings(self, **changed: Any) -> FitSettings:  # noqa: ANN401
        config = self.config.model_copy(update={"forecast": ForecastSettings(**changed)})
        return fit_settings(config, self.calendar)

    def _lean(self, settings: FitSettings, form: str) -> Callable[[], None]:
        """Dense arrays, one matrix product, forecasts: what the design's first figure counted."""

        def forecast(rows: pa.Table) -> pa.Table:
            rows = by_series(rows)
            with threadpool_limits(1):
                history = dense_history(packed_batch(rows), settings.calendar, settings.history_days)
                made = create(settings.candidates[0]).fit_forecast(history, settings.horizon)
            ids = rows.select(["product_id", "location_id"])
            return ids.append_column("forecast", lists(clip_forecast(made.forecast)))

        def forecast_pandas(rows: pd.DataFrame) -> pd.DataFrame:
            return forecast(pa.Table.from_pandas(rows, preserve_index=False)).to_pandas()

        def run() -> None:
            batches = self.series.groupBy("batch")
            made = (
                batches.applyInArrow(forecast, OUT)
                if form == "arrow"
                else batches.applyInPandas(forecast_pandas, OUT)
            )
            to_nowhere(made)

        return run

    def _pass_b(self, settings: FitSettings) -> Callable[[], None]:
        table = no_class_table(1)
        return lambda: to_nowhere(fit(self.series, self.warehouse.read("candidates"), settings, table))

    def _to_forecasts(self, settings: FitSettings) -> Callable[[], None]:
        """`fits` written once, and `forecasts` cut from it."""
        table = no_class_table(1)

        def run() -> None:
            name = f"r{time.monotonic_ns()}"
            of_run = F.lit(name).alias("run_id")
            made = fit(self.series, self.warehouse.read("candidates"), settings, table)
            self.warehouse.append("fits", made.select("*", of_run))
            fits = self.warehouse.read("fits").where(F.col("run_id") == F.lit(name))
            self.warehouse.append("forecasts", published_tables.forecasts(fits, CUTOFF))

        return run

    def _to_delta(self, settings: FitSettings) -> Callable[[], None]:
        def run() -> None:
            name = f"r{time.monotonic_ns()}"
            manifest = Run(name, "forecast", n_batches=self.n_batches, counts={"series_in": self.n_series})
            context = JobContext(self.spark, self.warehouse, self.config, lambda: datetime.now(UTC))
            write_forecasts(context, Plan(manifest, CUTOFF, settings))

        return run

    def _scikit_learn(self) -> tuple[str, int, Callable[[], None], float | None]:
        """One LinearRegression a product, one group a product, as most such jobs are written."""
        n_series = min(PEER_SERIES, self.n_series)
        days = self.warehouse.read("panel").where(F.col("product_id") < F.lit(product_id(n_series)))
        long = days.select(
            "product_id", "location_id", "first_date", F.posexplode("quantity").alias("n", "units")
        )
        path = f"{self.warehouse.path('panel')}_long"
        long.select(
            "product_id", "location_id", (F.unix_date("first_date") + F.col("n")).alias("day"), "units"
        ).write.format("delta").save(path)

        def one(rows: pd.DataFrame) -> pd.DataFrame:
            from sklearn.linear_model import LinearRegression  # noqa: PLC0415

            rows = rows.sort_values("day").fillna({"units": 0.0})
            x = weekday_design(rows["day"].to_numpy())
            ahead = rows["day"].to_numpy()[-1] + np.arange(1, 29)
            made = LinearRegression().fit(x, rows["units"]).predict(weekday_design(ahead))
            ids = rows[["product_id", "location_id"]].head(1)
            return ids.assign(forecast=[np.maximum(made, 0.0)])

        def run() -> None:
            read = self.spark.read.format("delta").load(path)
            to_nowhere(read.groupBy("product_id", "location_id").applyInPandas(one, OUT))

        return "peer: scikit-learn LinearRegression a product", n_series, run, None


def packed_years(ids: np.ndarray, first: date, n_days: int) -> pa.RecordBatch:
    """Poisson sales with a level, a trend and a week of their own, packed by year; null where 0."""
    rng = np.random.default_rng(int(ids[0]))
    days = np.arange(n_days)
    level = np.exp(rng.normal(1.0, 1.0, (len(ids), 1)))
    week = rng.gamma(5.0, 0.2, (len(ids), 7))[:, days % 7]
    trend = 1.0 + rng.normal(0.0, 0.2, (len(ids), 1)) * days / n_days
    units = rng.poisson(np.maximum(level * week * trend, 0.0)).astype(np.float64)
    units[units == 0] = np.nan
    units[:, 0] = 1.0
    years = np.array([(first + timedelta(days=int(n))).year for n in days])
    parts = [_year(ids, units[:, years == year], first, int(year), years) for year in np.unique(years)]
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0]


def _year(ids: np.ndarray, units: np.ndarray, first: date, year: int, years: np.ndarray) -> pa.RecordBatch:
    begin = first + timedelta(days=int(np.argmax(years == year)))
    prices = pa.nulls(len(ids), pa.list_(pa.float64()))
    values = pa.array(units.reshape(-1), from_pandas=True)
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * units.shape[1]
    columns = {
        "product_id": pa.array([product_id(int(n)) for n in ids]),
        "location_id": pa.array(["all"] * len(ids)),
        "chunk": pa.array([year] * len(ids), type=pa.int32()),
        "first_date": pa.array([begin] * len(ids), type=pa.date32()),
        "quantity": pa.ListArray.from_arrays(pa.array(offsets), values),
        "price": prices,
    }
    return pa.RecordBatch.from_pydict(columns)


def product_id(number: int) -> str:
    return f"product-{number:08d}"


def weekday_design(days: np.ndarray) -> np.ndarray:
    return np.hstack([days[:, np.newaxis] / 365.0, np.eye(7)[days % 7]])


def to_nowhere(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def measure(repeat: int, what: str, n_series: int, run: Callable[[], None], target: float | None) -> Measured:
    seconds = []
    for _ in range(repeat):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    line = Measured(what, n_series, min(seconds), target)
    Console().print(f"{what}: {line.seconds:.1f} s, {line.rate:,.0f} series/s", highlight=False)
    return line


def show(arguments: argparse.Namespace, lines: list[Measured]) -> None:
    at = datetime.now(UTC).date()
    table = Table(title=f"{arguments.series:,} series x {arguments.days} days, {arguments.cores} cores, {at}")
    for name in ("what", "series", "seconds", "series/s", "target"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for line in lines:
        target = (
            ""
            if line.target is None
            else f"{line.target:,.0f} {'met' if line.rate >= line.target else 'missed'}"
        )
        table.add_row(line.what, f"{line.n_series:,}", f"{line.seconds:.1f}", f"{line.rate:,.0f}", target)
    Console(width=110).print(table)
    peaks = ", ".join(f"{name} {mib:,.0f} MiB" for name, mib in peak_memory().items())
    Console(width=110).print(f"largest resident memory: {peaks}", highlight=False)


def peak_memory() -> dict[str, float]:
    """MiB of the largest JVM and the largest Python worker, on Linux."""
    peaks: dict[str, float] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        name = (
            "JVM" if b"SparkSubmit" in command else "Python worker" if b"pyspark.daemon" in command else None
        )
        if name and "VmHWM" in fields:
            peaks[name] = max(peaks.get(name, 0.0), float(fields["VmHWM"].split()[0]) / 1024)
    return peaks


if __name__ == "__main__":
    main()
