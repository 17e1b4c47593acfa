"""Processor time to read a wide CSV file and a wide workbook into lines, in one process without Spark.

Run as a module, from the repository: python -m benchmarks.wide_files
"""

import resource
import time
from datetime import date, timedelta
from random import Random

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.inspection import read_columns
from lepton_spark.ingest.files.layout import Layout
from tests.workbook_file import workbook

N_DAYS = 1_800
DAYS = [(date(2020, 1, 1) + timedelta(days=day)).isoformat() for day in range(N_DAYS)]


def rows(n_products: int) -> list[list[str | float]]:
    """A header and the sales of each product."""
    draw = Random(1)  # noqa: S311 - sales, no secret
    sold = ([f"P{number:05d}", *draw.choices((0, 0, 1, 2, 3, 15), k=N_DAYS)] for number in range(n_products))
    return [["product_id", *DAYS], *sold]


def report(name: str, content: bytes, **settings: str) -> None:
    layout = Layout.of(InputSettings.model_validate({"layout": "wide", **settings}))
    started = time.process_time()
    n_lines = sum(batch.num_rows for batch in read_columns(name, content, layout)[1])
    seconds = time.process_time() - started
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name}: {n_lines:,} lines, {len(content) / 1e6:.1f} MB, {seconds:.1f} s, peak {gigabytes:.2f} GB")


if __name__ == "__main__":
    report("wide.csv", "\n".join(",".join(map(str, row)) for row in rows(3_000)).encode())
    report("wide.xlsx", workbook({"Sales": rows(300)}), format="excel")
