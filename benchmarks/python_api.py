"""Seconds of a first forecast in Python: 100 products of two years, in a new process, imports included.

python benchmarks/python_api.py
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

N_PRODUCTS = 100
DAYS = pd.date_range("2023-01-01", "2024-12-31")
CODE = """
import sys
import pandas as pd
import lepton_spark as lp
made = lp.forecast(pd.read_parquet(sys.argv[1]))
print(len(made.forecasts), 'rows,', made.models['model'].nunique(), 'models')
"""


def sales() -> pd.DataFrame:
    """Poisson sales with a weekly pattern, of 0.1 to about 20 units a day."""
    rng = np.random.default_rng(1)
    week = 1 + 0.4 * np.sin(np.arange(len(DAYS)) * 2 * np.pi / 7)
    parts = [
        pd.DataFrame({"product_id": f"P{number:03}", "date": DAYS, "quantity": rng.poisson(rate * week)})
        for number, rate in enumerate(rng.gamma(1.5, 3.0, N_PRODUCTS))
    ]
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sales.parquet"
        sales().to_parquet(file)
        for _ in range(3):
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", CODE, str(file)], check=True, capture_output=True, text=True
            )
            print(f"{time.perf_counter() - started:.1f} s: {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
