"""Estimates for catalogues and clusters that were not measured, from the figures of two sizes that were.

`python benchmarks/scale.py docs/performance.csv`. A stage's time is taken as a fixed part and a part for each
series, by the line through the two largest sizes; bytes likewise. The part for each series is divided among
the cores, the fixed part is not. Prints Markdown.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from speed_parts.results import read_rows

from lepton_spark.config import ForecastSettings
from lepton_spark.panel.series import batch_count
from lepton_spark.pipelines.forecast.tasks import task_count

MEASURED_CORES = 2
SIZES, CORES = (1_000_000, 100_000_000, 1_000_000_000), (100, 1_000)
WORKS = ("full run", "one more day")
TERA, MIB = 1e12, 1 << 20

Row = dict[str, str]


@dataclass(frozen=True)
class Line:
    """A figure as a fixed part and a part for each series."""

    fixed: float
    slope: float

    @classmethod
    def through(cls, rows: Sequence[Row], value: Callable[[Row], float]) -> "Line":
        """Through the values of two rows of different sizes; a fixed part below 0 counts as 0."""
        (n_small, small), (n_large, large) = ((int(row["series"]), value(row)) for row in rows)
        slope = (large - small) / (n_large - n_small)
        return cls(max(large - slope * n_large, 0.0), slope)


def main() -> None:
    rows = read_rows(Path(sys.argv[1]))
    sizes = sorted({int(row["catalogue"]) for row in rows if row["work"] == WORKS[0]})[-2:]
    print(f"from {' and '.join(f'{size:,}' for size in sizes)} products\n")
    for work in WORKS:
        of_work = [row for row in rows if row["work"] == work and int(row["catalogue"]) in sizes]
        print(f"**{work}**\n")
        print_stages(of_work)
        print_estimates([row for row in of_work if row["stage"] == "all"])


def print_stages(rows: Sequence[Row]) -> None:
    """Seconds that do not grow, and core-milliseconds and bytes for each series, by stage."""
    print("| stage | fixed s | core ms a series | read | shuffled | written, bytes a series |")
    print("|---|---|---|---|---|---|")
    for stage in dict.fromkeys(row["stage"] for row in rows):
        mine = [row for row in rows if row["stage"] == stage]
        time = Line.through(mine, lambda row: float(row["seconds"]))
        read, shuffled, written = (
            Line.through(mine, bytes_of(f"{name} MiB")).slope for name in ("read", "shuffled", "written")
        )
        spent = 1e3 * MEASURED_CORES * time.slope
        print(
            f"| {stage} | {time.fixed:.0f} | {spent:.2f} | {read:,.0f} | {shuffled:,.0f} | {written:,.0f} |"
        )
    print()


def bytes_of(name: str) -> Callable[[Row], float]:
    return lambda row: float(row[name]) * MIB


def print_estimates(rows: Sequence[Row]) -> None:
    """Hours, core-hours, bytes and tasks by size and cores."""
    time = Line.through(rows, lambda row: float(row["seconds"]))
    shuffled, written = (Line.through(rows, bytes_of(f"{name} MiB")) for name in ("shuffled", "written"))
    print("| series | cores | hours | core-hours | shuffled TB | written TB | batches | tasks of a pass |")
    print("|---|---|---|---|---|---|---|---|")
    for n_series in SIZES:
        n_batches = batch_count(n_series, ForecastSettings().series_per_batch)
        for cores in CORES:
            core_hours = MEASURED_CORES * time.slope * n_series / 3600
            hours = time.fixed / 3600 + core_hours / cores
            moved = f"{shuffled.slope * n_series / TERA:.3g} | {written.slope * n_series / TERA:.3g}"
            print(
                f"| {n_series:,} | {cores:,} | {hours:.3g} | {core_hours:,.3g} | {moved} | {n_batches:,} "
                f"| {task_count(n_batches, cores):,} |"
            )
    print()


if __name__ == "__main__":
    main()
