"""The Python interface beside the job: the same figures from a data frame, in this process and on Spark."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import lepton_spark as lp
from lepton_spark.errors import InputError
from tests.unit.api.week import sales_by_week

DAYS = pd.date_range("2021-01-01", periods=160)
AHEAD = pd.date_range(DAYS[-1] + pd.Timedelta(days=1), periods=7)
NAMES = {"product_col": "sku", "date_col": "when", "quantity_col": "units", "location_col": "shop"}
FORECAST = {"horizon": 7, "models": ["pooled", "ridge", "seasonal_naive"]}
FIGURES = ["forecast", "p05", "p10", "p90", "p95", "model", "status"]
CHOICES = ["model", "status", "demand_class", "runner_up", "margin", "choice_level"]
ERRORS = ["mae", "rmse", "wape", "bias", "mase", "rmsse", "pinball", "coverage"]


def promoted(rows: pd.DataFrame) -> pd.Series:
    return ((rows["when"].dt.dayofyear // 7 + rows["sku"].astype(int)) % 5 == 0).astype(float)


def series_of(days: pd.DatetimeIndex) -> pd.DataFrame:
    keys = [(f"{number:03}", shop) for number in range(8) for shop in ("north", "south")]
    rows = pd.MultiIndex.from_tuples(
        [(*key, day) for key in keys for day in days], names=["sku", "shop", "when"]
    )
    made = rows.to_frame(index=False)
    return made.assign(promo=promoted(made))


def some_sales() -> pd.DataFrame:
    """Sixteen series: promotions, an unknown day, returned units, two figures for a day, a row without id."""
    sales = series_of(DAYS)
    rng = np.random.default_rng(7)
    rate = (1.0 + sales["sku"].astype(int)) * (1 + (sales["when"].dt.dayofweek >= 5)) * (1 + sales["promo"])
    sales["units"] = rng.poisson(rate * 0.7).astype(float)
    sales = sales[(sales["sku"] != "003") | (sales["when"] > "2021-05-20")].reset_index(drop=True)
    sales.loc[3, "units"] = np.nan
    sales.loc[9, "units"] = -2
    sales.loc[20, "sku"] = None
    return pd.concat([sales, sales.iloc[[40]].assign(units=99.0)], ignore_index=True)


@dataclass(frozen=True)
class Done:
    """A run over files, and the forecast of the same sales as a pandas frame."""

    run: lp.Run
    folder: Path
    config: dict[str, object]
    forecast: "lp.Forecast[pd.DataFrame]"


@pytest.fixture(scope="module")
def done(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("api")
    sales, future = some_sales(), series_of(AHEAD)
    sales.assign(when=sales["when"].dt.date).to_parquet(folder / "sales.parquet")
    plans = pd.concat([sales, future]).query("promo > 0").dropna(subset="sku")
    plans.assign(when=plans["when"].dt.date, until=plans["when"].dt.date).to_parquet(folder / "plans.parquet")
    columns = {"product_id": "sku", "location_id": "shop"}
    config = {
        "warehouse": {"root": str(folder / "tables")},
        "input": {
            "path": str(folder / "sales.parquet"),
            "format": "parquet",
            "columns": {**columns, "date": "when", "quantity": "units"},
        },
        "plans": {
            "path": str(folder / "plans.parquet"),
            "format": "parquet",
            "columns": {**columns, "start_date": "when", "end_date": "until", "measures": ["promo"]},
        },
        "forecast": FORECAST,
    }
    run = lp.run(config, publish=True, spark=spark)
    with pytest.warns(UserWarning, match="conflicting_day 2, missing_product_id 1, unparsable_quantity 1"):
        forecast = lp.forecast(sales, future=future, levels=(80, 90), config={"forecast": FORECAST}, **NAMES)
    return Done(run, folder, config, forecast)


def of_series(rows: pd.DataFrame, *more: str) -> pd.DataFrame:
    """Rows of a table with the caller's names, in the order of the forecast's."""
    named = rows.rename(columns={"product_id": "sku", "location_id": "shop", "date": "when"})
    return named.sort_values(["sku", "shop", *more], ignore_index=True)


def test_pandas_frame_gives_the_figures_of_a_run(done: Done) -> None:
    ours, stored = done.forecast, done.run.forecasts().toPandas()
    assert len(ours.forecasts) == 16 * 7

    stored = of_series(stored.assign(date=pd.to_datetime(stored["date"])), "when")
    pd.testing.assert_frame_equal(ours.forecasts, stored[list(ours.forecasts)], check_exact=True)
    models = of_series(done.run.models().toPandas())
    pd.testing.assert_frame_equal(ours.models[CHOICES], models[CHOICES], check_exact=True)


def test_backtest_of_a_frame_gives_the_errors_of_a_run(done: Done) -> None:
    with pytest.warns(UserWarning, match="rows that do not count"):
        tested = lp.backtest(some_sales(), future=series_of(AHEAD), config={"forecast": FORECAST}, **NAMES)
    order = ["role", "split", "window"]
    stored = of_series(done.run.metrics().toPandas(), *order)
    ours = tested.metrics.sort_values(["sku", "shop", *order], ignore_index=True)

    assert len(ours) == len(stored) > 100
    pd.testing.assert_frame_equal(
        ours[[*order, *ERRORS]], stored[[*order, *ERRORS]], check_dtype=False, check_exact=True
    )
    summary = done.run.context.warehouse.read("metrics_summary").toPandas()
    key = ["segment", "model", "split"]
    pd.testing.assert_frame_equal(
        tested.summary.sort_values(key, ignore_index=True)[[*key, *ERRORS, "value_added"]],
        summary.sort_values(key, ignore_index=True)[[*key, *ERRORS, "value_added"]],
        check_exact=True,
    )


def test_spark_frame_gives_the_same_as_a_pandas_frame(done: Done, spark: SparkSession) -> None:
    sales, future = some_sales(), series_of(AHEAD)
    columns = "sku STRING, shop STRING, when TIMESTAMP, promo DOUBLE, units DOUBLE"
    spark.conf.set("spark.sql.ansi.enabled", "false")
    with pytest.warns(UserWarning, match="conflicting_day 2, missing_product_id 1, unparsable_quantity 1"):
        made = lp.forecast(
            spark.createDataFrame(sales, columns).withColumn("units", F.nanvl("units", F.lit(None))),
            future=spark.createDataFrame(future),
            config={"forecast": FORECAST},
            **NAMES,
        )
    found = made.forecasts.toPandas().sort_values(["sku", "shop", "when"], ignore_index=True)

    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    spark.conf.set("spark.sql.ansi.enabled", "true")
    found["when"] = pd.to_datetime(found["when"])
    pd.testing.assert_frame_equal(found, done.forecast.forecasts, check_exact=True)
    rejects = made.rejects.toPandas().sort_values(["reason", "units"])
    ours = done.forecast.rejects.sort_values(["reason", "units"])
    assert rejects["message"].tolist() == ours["message"].tolist()
    assert list(rejects) == list(ours)
    assert (
        lp.plot(made, "005", location_id="north").spec
        == lp.plot(done.forecast, "005", location_id="north").spec
    )


def test_pandas_frame_of_several_batches_is_fitted_on_spark_and_returned_as_pandas(done: Done) -> None:
    with pytest.warns(UserWarning, match="rows that do not count"):
        made = lp.forecast(
            some_sales(),
            future=series_of(AHEAD),
            config={"forecast": {**FORECAST, "series_per_batch": 4}},
            **NAMES,
        )

    pd.testing.assert_frame_equal(made.forecasts, done.forecast.forecasts, rtol=1e-12)


def test_published_run_is_found_explained_drawn_and_reported(done: Done, tmp_path: Path) -> None:
    latest = lp.Run.latest(done.folder / "tables")

    assert (latest.run_id, latest.published) == (done.run.run_id, True)
    assert latest.explain("005", "south").startswith("Product 005")
    assert latest.report(tmp_path / "report.html").stat().st_size > 100_000
    chart = lp.plot(latest, "005", location_id="south", levels=(50, 90))
    assert chart.spec["title"].endswith("forecast after 2021-06-09, interval of 50 % and 90 %")
    assert chart.save(tmp_path / "chart.png").stat().st_size > 1000
    assert latest.orders().count() == 0


def test_unpublished_run_has_forecasts_but_neither_explanation_nor_report(done: Done, tmp_path: Path) -> None:
    quick = {**done.config, "forecast": {"horizon": 7, "models": ["mean"]}}
    run = lp.run(quick, cutoff="2021-06-01", publish=False)

    assert run.forecasts().count() == 16 * 7
    assert repr(run).endswith("cutoff 2021-06-01, not published: publish=False)")
    assert lp.Run.latest(done.folder / "tables").run_id == done.run.run_id
    with pytest.raises(InputError, match="found another run that is published"):
        run.explain("005", "south")
    with pytest.raises(InputError, match="found another run that is published"):
        run.report(tmp_path / "report.html")
    with pytest.raises(InputError, match="found no published run"):
        lp.Run.latest(tmp_path / "nothing")


def test_inspection_writes_what_it_shows(tmp_path: Path) -> None:
    sales_by_week().assign(sku="00A").to_csv(tmp_path / "sales.csv", index=False, sep=";")
    found = lp.inspect(tmp_path / "sales.csv", columns={"quantity": "units"})

    assert found.config.input.columns.product_id == "sku"
    assert ";" in found.config.input.options.values()
    assert "accepted" in found.summary
    written = found.write(tmp_path / "mine")
    assert f"root: {tmp_path / 'mine' / 'tables'}" in written.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no file is overwritten"):
        found.write(tmp_path / "mine")
    with pytest.raises(InputError, match=r"columns: found \['menge'\]; allowed: .*quantity"):
        lp.inspect(tmp_path / "sales.csv", columns={"menge": "units"})
