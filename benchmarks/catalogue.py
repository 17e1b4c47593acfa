"""Accuracy of a real run on the days after its cutoff, by demand class and age, from its Delta tables.

First run `lepton forecast --conf ... --cutoff DATE` on tables that hold later days, then
`python benchmarks/catalogue.py WAREHOUSE DATE`. Forecasts are compared with seasonal naive, with each series'
overall mean, and with empirical quantiles of its history. Days without any sale at all are not scored.
"""

import argparse
from collections.abc import Collection
from datetime import date
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
from accuracy_parts.calibration_bands import PUBLISHED_LEVELS, TOLERANCE_ALL, TOLERANCE_CLASS, bands
from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import AGE_GROUPS

from lepton_spark.evaluation.accuracy.metrics import pinball_losses
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

COLUMNS = list(QUANTILE_LEVELS)
SERIES = "series"
EMPIRICAL = [f"empirical_{name}" for name in COLUMNS]
WEEK = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path, help="root folder of the tables")
    parser.add_argument("cutoff", type=date.fromisoformat, help="of the run, YYYY-MM-DD")
    arguments = parser.parse_args()
    days = scored_days(arguments.warehouse, pd.Timestamp(arguments.cutoff))
    print_rows("whole catalogue: ratios below 1 are better; ! = outside its band", class_rows(days), 220)


def read(warehouse: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """Columns of a table, with `series` for product and location where it has both."""
    rows = deltalake.DeltaTable(str(warehouse / name)).to_pandas(columns=columns)
    if set(SERIES_KEY) <= set(columns):
        rows[SERIES] = rows[SERIES_KEY[0]].str.cat([rows[key] for key in SERIES_KEY[1:]], sep=" @ ")
    return rows


def scored_days(warehouse: Path, cutoff: pd.Timestamp) -> pd.DataFrame:
    """One row per series and open day ahead: actual quantity, forecasts and baselines."""
    sales = read(warehouse, "sales", [*SERIES_KEY, "date", "quantity"])[[SERIES, "date", "quantity"]]
    sales["date"] = pd.to_datetime(sales["date"])
    forecasts = read(warehouse, "forecasts", ["run_id", *SERIES_KEY, "date", "cutoff", "forecast", *COLUMNS])
    forecasts = forecasts[pd.to_datetime(forecasts["cutoff"]) == cutoff]
    run_id = latest_run(warehouse, forecasts["run_id"].unique())
    forecasts = forecasts[forecasts["run_id"] == run_id]
    forecasts = forecasts.assign(date=pd.to_datetime(forecasts["date"]))
    classes = read(warehouse, "models", ["run_id", *SERIES_KEY, "demand_class"])
    classes = classes.loc[classes["run_id"] == run_id, [SERIES, "demand_class"]]
    days = forecasts.merge(sales, on=[SERIES, "date"], how="left").fillna({"quantity": 0.0})
    days = days[days.groupby("date")["quantity"].transform("sum") > 0]
    days = days.merge(classes, on=SERIES, validate="many_to_one")
    return with_baselines(days, sales[sales["date"] <= cutoff], cutoff)


def latest_run(warehouse: Path, run_ids: Collection[str]) -> str:
    """The complete run that started last.

    Raises: SystemExit without a complete run.
    """
    runs = read(warehouse, "runs", ["run_id", "started_at", "state"])
    runs = runs[runs["run_id"].isin(run_ids) & (runs["state"] == "complete")]
    if runs.empty:
        raise SystemExit(f"{warehouse}: found no complete run of this cutoff. Run `lepton forecast` first.")
    return str(runs.sort_values("started_at")["run_id"].iloc[-1])


def with_baselines(days: pd.DataFrame, history: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The days with seasonal naive, overall mean, empirical quantiles and age in days of each series.

    history: rows of sales; open days without a row count as 0 from a series' first sale on.
    """
    first = history.groupby(SERIES)["date"].min()
    open_days = np.sort(history["date"].unique())
    n_days = len(open_days) - np.searchsorted(open_days, first.to_numpy())
    rows = {}
    for (series, sold), n in zip(history.groupby(SERIES)["quantity"], n_days, strict=True):
        values = np.concatenate([np.zeros(max(n - len(sold), 0)), sold.to_numpy()])
        rows[series] = [values.mean(), *np.quantile(values, PUBLISHED_LEVELS, method="inverted_cdf")]
    baselines = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", *EMPIRICAL])
    baselines["age"] = (cutoff - first).dt.days + 1
    week = history[history["date"] > cutoff - pd.Timedelta(days=WEEK)]
    week = week.assign(weekday=week["date"].dt.dayofweek)[[SERIES, "weekday", "quantity"]]
    days = days.assign(weekday=days["date"].dt.dayofweek)
    days = days.merge(week.rename(columns={"quantity": "naive"}), on=[SERIES, "weekday"], how="left")
    return days.fillna({"naive": 0.0}).merge(baselines, left_on=SERIES, right_index=True)


def class_rows(days: pd.DataFrame) -> list[dict[str, object]]:
    """A table row for all series, each demand class and each age group that has any."""
    classes = {name: days["demand_class"] == name for name in sorted(days["demand_class"].unique())}
    ages = {name: days["age"].between(*limits) for name, limits in AGE_GROUPS.items()}
    groups = {"all": days["age"] > 0, **classes, **ages}
    return [
        {"class": name, **summary(days[rows], TOLERANCE_ALL if name == "all" else TOLERANCE_CLASS)}
        for name, rows in groups.items()
        if rows.any()
    ]


def summary(days: pd.DataFrame, tolerance: float) -> dict[str, object]:
    """Ratios of root mean squared errors and of pinball losses, and the bands of the quantiles."""
    actual = days["quantity"].to_numpy()
    sse = {name: ((actual - days[name]) ** 2).sum() for name in ("forecast", "mean", "naive")}
    quantiles = days[COLUMNS].to_numpy()
    loss, empirical = (
        pinball_losses(actual, values, PUBLISHED_LEVELS).sum()
        for values in (quantiles, days[EMPIRICAL].to_numpy())
    )
    return {
        "products": days[SERIES].nunique(),
        "units": round(float(actual.sum())),
        "forecast / sold": f"{days['forecast'].sum() / max(actual.sum(), 1e-9):.2f}",
        "over mean": f"{np.sqrt(sse['forecast'] / sse['mean']):.4f}",
        "over naive": f"{np.sqrt(sse['forecast'] / max(sse['naive'], 1e-9)):.4f}",
        "pinball over empirical": f"{loss / empirical:.4f}",
        **bands(actual[:, np.newaxis] < quantiles, actual[:, np.newaxis] <= quantiles, tolerance),
    }


if __name__ == "__main__":
    main()
