import gzip
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_parts.datasets import Panel
from real_years import last_days, read_real_years, until, with_holidays

from lepton_spark.models.data.history import History

FIRST_YEAR_COLUMNS = [
    *("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def test_lines_that_both_years_hold_count_once(tmp_path: Path) -> None:
    rows = [
        ("1", "10001", "a", 5, "2010-11-30 10:00:00", 2.0, 17.0, "UK"),
        ("2", "10001", "a", 3, "2010-12-01 10:00:00", 2.0, 17.0, "UK"),
    ]
    pd.DataFrame(rows, columns=FIRST_YEAR_COLUMNS).to_parquet(tmp_path / "first.parquet")
    lines = [
        "2,10001,a,3,2010-12-01 10:00:00,2.00,17.0,UK",
        "C3,10001,a,-5,2010-12-02 10:00:00,2.0,17.0,UK",  # takes back an order of the first year
        "4,10001,a,1,2010-12-03 10:00:00,2.0,,UK",  # the last day is incomplete
    ]
    (tmp_path / "2010-12-01.csv.gz").write_bytes(gzip.compress("\n".join([HEADER, *lines]).encode()))
    sales = read_real_years(tmp_path / "first.parquet", tmp_path)
    assert sales[["date", "quantity"]].to_numpy().tolist() == [[pd.Timestamp("2010-12-01"), 3]]


def test_panel_and_history_are_cut_at_a_day() -> None:
    days = np.arange(400) + 15_000  # from 26 January 2011
    panel = Panel("x", ("a",), days, np.arange(400.0)[np.newaxis])
    assert until(panel, "2011-01-28").quantity.tolist() == [[0.0, 1.0, 2.0]]
    history = History(panel.quantity, days)
    assert last_days(history).quantity[0, [0, -1]].tolist() == [35.0, 399.0]
    assert last_days(history).days[0] == 15_035


def test_holidays_are_those_of_england() -> None:
    history = with_holidays(History(np.ones((1, 364)), np.arange(364) + 14_823))  # 2 August 2010 on
    assert history.events is not None
    found = set(history.events.days.astype("datetime64[D]").astype(str).tolist())
    assert {"2010-08-30", "2010-12-25", "2011-04-22"} < found
