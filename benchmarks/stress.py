"""Forecasts of made-up shops with a known truth, each of which once showed a fault.

`python benchmarks/stress.py [--cases CASE ...]`. Each figure has bounds that it should be within.
"""

import argparse
import time

from accuracy_parts.console_table import print_rows
from stress_parts.cases import CASES

SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES), metavar="CASE")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    rows: list[dict[str, object]] = []
    for name in arguments.cases:
        start = time.perf_counter()
        figures = list(CASES[name](arguments.seed))
        seconds = time.perf_counter() - start
        rows += [
            {
                "case": name,
                "figure": figure.name,
                "found": f"{figure.value:.3f}",
                "bounds": f"{figure.low:g} to {figure.high:g}",
                "best rule": figure.beside,
                "": "pass" if figure.passed else "FAIL",
            }
            for figure in figures
        ]
        print(f"{name}: {seconds:.0f} s", flush=True)
    print_rows("stress cases", rows, 160)


if __name__ == "__main__":
    main()
