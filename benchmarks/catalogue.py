"""A run of the whole catalogue against what came true, by demand class and age, from its Delta tables.

`lepton forecast --conf ... --cutoff DATE` first, on tables that hold later days too; then
`python benchmarks/catalogue.py WAREHOUSE DATE`. Held against seasonal naive, each product's overall mean, and
the empirical quantiles of its own history; days on which nothing at all was sold are not scored.
"""

import argparse
from collections.abc import Collection
from datetime import date
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
from accuracy_parts.belief import SEVEN, SLACK_ALL, SLACK_CLASS
from accuracy_parts.printed import print_rows
from accuracy_parts.sets import AGES

from lepton_spark.evaluation.metrics import pinball_losses
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

COLUMNS = list(QUANTILE_LEVELS)
SERIES = "series"
EMPIRICAL = [f"empirical_{name}" for name in COLUMNS]
WEEK = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("cutoff", type=date.fromisoformat)
    arguments = parser.parse_args()
    days = scored_days(arguments.warehouse, pd.Timestamp(arguments.cutoff))
    print_rows("whole catalogue: ratios below 1 are better; ! = outside its band", by_class(days), 220)


def read(warehouse: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """Columns of a table; product and location as one, `series`, where it has them."""
    rows = deltalake.DeltaTable(str(warehouse / name)).to_pandas(columns=columns)
    if set(SERIES_KEY) <= set(columns):
        rows[SERIES] = rows[SERIES_KEY[0]].str.cat([rows[key] for key in SERIES_KEY[1:]], sep=" @ ")
    return rows


def scored_days(warehouse: Path, cutoff: pd.Timestamp) -> pd.DataFrame:
    """One row a series and open day ahead: what was sold, forecasts, and what they are held against."""
    sales = read(warehouse, "sales", [*SERIES_KEY, "date", "quantity"])[[SERIES, "date", "quantity"]]
    sales["date"] = pd.to_datetime(sales["date"])
    made = read(warehouse, "forecasts", ["run_id", *SERIES_KEY, "date", "cutoff", "forecast", *COLUMNS])
    made = made[pd.to_datetime(made["cutoff"]) == cutoff]
    run_id = latest_run(warehouse, made["run_id"].unique())
    made = made[made["run_id"] == run_id].assign(date=lambda rows: pd.to_datetime(rows["date"]))
    classes = read(warehouse, "models", ["run_id", *SERIES_KEY, "demand_class"])
    classes = classes.loc[classes["run_id"] == run_id, [SERIES, "demand_class"]]
    days = made.merge(sales, on=[SERIES, "date"], how="left").fillna({"quantity": 0.0})
    days = days[days.groupby("date")["quantity"].transform("sum") > 0]
    days = days.merge(classes, on=SERIES, validate="many_to_one")
    return with_baselines(days, sales[sales["date"] <= cutoff], cutoff)


def latest_run(warehouse: Path, run_ids: Collection[str]) -> str:
    """The complete run that began last."""
    runs = read(warehouse, "runs", ["run_id", "started_at", "state"])
    runs = runs[runs["run_id"].isin(run_ids) & (runs["state"] == "complete")]
    if runs.empty:
        raise SystemExit(f"{warehouse}: found no complete run of this cutoff. Run `lepton forecast` first.")
    return str(runs.sort_values("started_at")["run_id"].iloc[-1])


def with_baselines(days: pd.DataFrame, history: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Seasonal naive, overall mean and empirical quantiles of each series, zeros since its first sale."""
    first = history.groupby(SERIES)["date"].min()
    open_days = np.sort(history["date"].unique())
    n_days = len(open_days) - np.searchsorted(open_days, first.to_numpy())
    rows = {}
    for (series, sold), n in zip(history.groupby(SERIES)["quantity"], n_days, strict=True):
        values = np.concatenate([np.zeros(max(n - len(sold), 0)), sold.to_numpy()])
        rows[series] = [values.mean(), *np.quantile(values, SEVEN, method="inverted_cdf")]
    known = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", *EMPIRICAL])
    known["age"] = (cutoff - first).dt.days + 1
    week = history[history["date"] > cutoff - pd.Timedelta(days=WEEK)]
    week = week.assign(weekday=week["date"].dt.dayofweek)[[SERIES, "weekday", "quantity"]]
    days = days.assign(weekday=days["date"].dt.dayofweek)
    days = days.merge(week.rename(columns={"quantity": "naive"}), on=[SERIES, "weekday"], how="left")
    return days.fillna({"naive": 0.0}).merge(known, left_on=SERIES, right_index=True)


def by_class(days: pd.DataFrame) -> list[dict[str, object]]:
    """A line for all, for each class and age: ratios of root mean squares and pinball losses, bands."""
    actual = days["quantity"].to_numpy()
    squares = {name: (actual - days[name].to_numpy()) ** 2 for name in ("forecast", "mean", "naive")}
    losses = {
        name: pinball_losses(actual, days[columns].to_numpy(), SEVEN).sum(axis=1)
        for name, columns in (("forecast", COLUMNS), ("empirical", EMPIRICAL))
    }
    kinds = {kind: days["demand_class"] == kind for kind in sorted(days["demand_class"].unique())}
    kinds |= {name: days["age"].between(*ages) for name, ages in AGES.items()}
    lines = []
    for kind, chosen in {"all": days["age"] > 0, **kinds}.items():
        rows = chosen.to_numpy()
        if not rows.any():
            continue
        slack = SLACK_ALL if kind == "all" else SLACK_CLASS
        error = {name: squares[name][rows].sum() for name in squares}
        line: dict[str, object] = {
            "class": kind,
            "products": days.loc[rows, SERIES].nunique(),
            "units": round(float(actual[rows].sum())),
            "forecast over sold": f"{days.loc[rows, 'forecast'].sum() / max(actual[rows].sum(), 1e-9):.2f}",
            "over mean": f"{np.sqrt(error['forecast'] / error['mean']):.4f}",
            "over naive": f"{np.sqrt(error['forecast'] / max(error['naive'], 1e-9)):.4f}",
        }
        loss = {name: losses[name][rows].sum() for name in losses}
        line["pinball over empirical"] = f"{loss['forecast'] / loss['empirical']:.4f}"
        for name, level in QUANTILE_LEVELS.items():
            quantile = days[name].to_numpy()[rows]
            low, high = (actual[rows] < quantile).mean(), (actual[rows] <= quantile).mean()
            line[name] = f"{low:.3f}-{high:.3f}{'' if low - slack <= level <= high + slack else ' !'}"
        lines.append(line)
    return lines


if __name__ == "__main__":
    main()
