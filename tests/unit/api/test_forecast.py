"""Forecasts of pandas frames in this process; tests/pipelines/test_python_api.py compares them with runs."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import lepton_spark as lp
from lepton_spark.errors import InputError
from tests.unit.api.week import WEEK, sales_by_week

CHEAP = {"forecast": {"models": ["seasonal_naive"]}}
NAMES = {"product_col": "sku", "date_col": "when", "quantity_col": "units"}


def test_forecast_keeps_the_callers_columns_and_ids() -> None:
    made = lp.forecast(
        sales_by_week(n_weeks=10),
        horizon=8,
        **NAMES,
        config=CHEAP,
    )

    assert list(made.forecasts) == ["sku", "when", "forecast", "p05", "p10", "p90", "p95", "model", "status"]
    assert made.forecasts["sku"].tolist() == [7] * 8 + [12] * 8
    assert made.forecasts["when"].iloc[0] == pd.Timestamp("2021-03-15")
    assert made.forecasts["forecast"].iloc[:8].tolist() == [*WEEK, WEEK[0]]
    assert made.models["sku"].tolist() == [7, 12]
    assert repr(made) == "Forecast(8 days after 2021-03-14; 0 rows rejected)"


def test_levels_name_the_quantiles_that_bound_them() -> None:
    made = lp.forecast(sales_by_week(), **NAMES, levels=[50], config=CHEAP)

    assert list(made.forecasts) == ["sku", "when", "forecast", "p25", "p75", "model", "status"]
    with pytest.raises(InputError, match="found \\[70\\]; allowed: some of 50, 80, 90"):
        lp.forecast(sales_by_week(), levels=[70])


def test_other_objects_are_refused() -> None:
    with pytest.raises(InputError, match="found a str; allowed: a pandas or Spark DataFrame"):
        lp.forecast("sales.csv")  # type: ignore[type-var]


def test_backtest_has_seasonal_naive_beside_each_model() -> None:
    tested = lp.backtest(
        sales_by_week(n_weeks=30), horizon=7, windows=5, **NAMES,
        config={"forecast": {"models": ["mean", "seasonal_naive"]}},
    )  # fmt: skip
    rows = tested.metrics[tested.metrics["split"] == "test"].set_index(["sku", "role"])

    assert sorted(tested.metrics["window"].unique()) == [0, 1, 2, 3, 4]
    assert rows.loc[(7, "chosen"), "model"] == "seasonal_naive"
    assert rows.loc[(7, "seasonal_naive"), "mae"] == 0
    assert rows.loc[(7, "runner_up"), "mae"] == pytest.approx(np.abs(np.mean(WEEK) - WEEK).mean())
    assert (
        tested.summary.set_index(["segment", "model", "split"]).loc[("all", "chosen", "test"), "n_obs"] == 14
    )
    with pytest.raises(InputError, match="windows: found 0"):
        lp.backtest(sales_by_week(), windows=0)


def test_plot_draws_the_sales_and_the_intervals() -> None:
    made = lp.forecast(
        sales_by_week(n_weeks=10),
        horizon=7,
        **NAMES,
        config=CHEAP,
    )
    chart = lp.plot(made, 12, levels=(80, 90))
    rows = chart.spec["data"]["values"]

    assert [row["units"] for row in rows if row["what"] == "sold"][-7:] == [2 * units for units in WEEK]
    assert {"p05", "p10", "p90", "p95"} <= set(next(row for row in rows if row["what"] == "forecast"))
    assert [layer["encoding"]["y"]["field"] for layer in chart.spec["layer"]] == ["p05", "p10", "units"]
    assert chart._repr_svg_().startswith("<svg")
    with pytest.raises(InputError, match="none of sku 99; allowed: a series of the data frame"):
        lp.plot(made, 99)
    with pytest.raises(InputError, match=r"no 'p25', 'p75'.*levels=\(50, 80, 90\)"):
        lp.plot(made, 12, levels=(50,))


def test_pandas_frame_needs_no_java_and_workers_do_not_import_the_interface() -> None:
    names = "product_col='sku', date_col='when', quantity_col='units'"
    code = (
        "import sys, lepton_spark as lp, lepton_spark.forecasting.passes.fit;"
        "assert 'lepton_spark.api' not in sys.modules;"
        "from tests.unit.api.week import sales_by_week;"
        f"lp.forecast(sales_by_week(), {names}, config={{'forecast': {{'models': ['mean']}}}});"
        "from pyspark import SparkContext; assert SparkContext._gateway is None"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
