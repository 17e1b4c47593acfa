"""Cases from practice, loaded by the command: the right demand, or a refusal that names the setting."""

import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lepton_spark.cli import main
from lepton_spark.panel.calendar import Calendar, day_volumes, epoch_day
from lepton_spark.tables import Warehouse

pytestmark = pytest.mark.slow

STORES = ["sunzero", "sunabsent", "open", "covid-zero"]


@dataclass(frozen=True)
class Loaded:
    """The exit code and output of a load, and its warehouse."""

    code: int
    output: str
    errors: str
    warehouse: Warehouse

    def units(self) -> dict[str, float]:
        """Units sold by product."""
        rows = (
            self.warehouse.read("sales").groupBy("product_id").agg(F.sum("quantity").alias("units")).collect()
        )
        return {row["product_id"]: row["units"] for row in rows}

    def file(self) -> Row:
        """The row of the only file."""
        (row,) = self.warehouse.read("files").collect()
        return row


Load = Callable[..., Loaded]


@pytest.fixture
def load(spark: SparkSession, shared_cases: Path, tmp_path: Path) -> Load:
    def ingest(case: str, *settings: str, extra: tuple[str, ...] = ()) -> Loaded:
        folder = shared_cases / case
        own = [setting.replace("SIDE", str(folder / "side")) for setting in settings]
        pairs = [f"input.path={folder / 'in'}", f"warehouse.root={tmp_path / 'tables'}", *own]
        given = [part for pair in pairs for part in ("--set", pair)]
        output, errors = StringIO(), StringIO()
        with redirect_stdout(output), redirect_stderr(errors):
            code = main(["ingest", "--conf", str(folder / "case.yaml"), *given, *extra])
        return Loaded(code, output.getvalue(), errors.getvalue(), Warehouse(spark, str(tmp_path / "tables")))

    return ingest


def test_orders_that_are_exported_again_count_once(load: Load) -> None:
    loaded = load("01-reexport")
    assert (loaded.code, sum(loaded.units().values())) == (0, 366.0)
    assert loaded.warehouse.read("transactions").count() == 183


def test_equal_lines_of_a_till_are_sales_of_their_own(load: Load) -> None:
    loaded = load("02-equal-lines")
    assert (loaded.code, sum(loaded.units().values())) == (0, 1_630.0)
    assert "equal to another line, counted as sales of their own" in loaded.output


def test_last_day_of_zeros_is_not_taken_for_a_day_without_sales(load: Load) -> None:
    loaded = load("14-last-day-of-zeros")
    assert loaded.code == 0
    days = [volume.day for volume in day_volumes(loaded.warehouse.read("sales"))]
    assert max(days) == epoch_day(date(2026, 11, 19))


def test_weekday_of_zeros_is_closed_and_so_is_a_lockdown(load: Load) -> None:
    loaded = load("13-shop")
    assert loaded.code == 0
    end = epoch_day(date(2026, 11, 20))  # a Friday
    calendar = Calendar.until(day_volumes(loaded.warehouse.read("sales")), end)
    closed = dict(zip(STORES, calendar.is_closed(STORES, 3).tolist(), strict=True))
    assert closed["sunzero"] == closed["sunabsent"] == [False, True, False]
    assert closed["open"] == closed["covid-zero"] == [False, False, False]
    zero, absent, opened = (len(calendar.opened[name]) for name in ("covid-zero", "covid-absent", "open"))
    assert zero == absent < opened


def test_line_of_totals_is_pointed_out(load: Load) -> None:
    loaded = load("08-titles-and-totals")  # the file with title lines is refused
    assert loaded.code == 4
    assert "product 'Total' equals the sum of all others on" in loaded.errors


def test_german_numbers_are_read_by_their_signs(load: Load) -> None:
    loaded = load("03-number-forms", "input.decimal=','", "input.thousands='.'")
    assert (loaded.code, loaded.units()) == (0, {"SCHRAUBE": 92_600.0, "KABEL": 1_331.0})


def test_month_first_dates_are_refused_and_loaded_only_if_accepted(load: Load) -> None:
    """Of 1,188 lines 720 have no month, and 30 are in December 2026: in the future until it comes."""
    refused = load("06-day-month")
    assert refused.code == 6
    words = (
        r"too_many_lost: lines: found (\d+) of 1,188 \(6\d%\) would be lost, most of them as unparsable_date"
    )
    found = re.search(words, refused.errors)
    assert found is not None, refused.errors
    lost = int(found[1])
    assert 720 <= lost <= 750
    assert "its dates fit M/d/yyyy: set input.date_formats" in refused.errors
    assert (refused.warehouse.read("sales").count(), refused.file().state) == (0, "refused")
    accepted = load("06-day-month", extra=("--accept", "us.csv", "--reason", "a test of the gate"))
    assert accepted.code == 0
    assert accepted.file().words == "accepted in spite of lost lines: a test of the gate"
    assert accepted.warehouse.read("transactions").count() == 1_188 - lost
    assert "LOST: rejected, though they could be demand" in accepted.output


def test_day_numbers_of_a_spreadsheet_are_named(load: Load) -> None:
    refused = load("05-excel-serials")
    assert refused.code == 4
    assert "46266.34789351852 is a spreadsheet's day number, 2026-09-01" in refused.errors


def test_day_numbers_of_a_spreadsheet_are_read_by_their_form(load: Load) -> None:
    loaded = load(
        "05-excel-serials", "input.date_formats=[excel_day]", "input.source_timezone=America/Chicago"
    )
    assert loaded.code == 0
    first = loaded.warehouse.read("sales").agg(F.min("date"), F.sum("quantity")).first()
    assert first is not None
    assert (str(first[0]), first[1]) == ("2026-09-01", 122.0)


def test_unreadable_prices_cost_no_demand(load: Load) -> None:
    loaded = load("19-prices", "input.non_positive_price=keep")
    assert loaded.code == 0
    assert loaded.warehouse.read("transactions").count() == 305
    assert "accepted without their price, which is no number" in loaded.output


def test_cancelled_orders_are_skipped_by_their_status(load: Load) -> None:
    loaded = load("20-cancelled-by-status", "input.skip_where={order-status: [Cancelled]}")
    assert loaded.code == 0
    assert loaded.warehouse.read("transactions").count() == 183
    assert loaded.warehouse.read("runs").where("job = 'ingest'").first().counts["skipped"] == 61  # type: ignore[union-attr]


def test_covariates_that_match_no_product_are_named(load: Load) -> None:
    loaded = load("17-ids-apart", "products.path=SIDE/products.csv", "stock.path=SIDE/stock.csv")
    assert loaded.code == 0
    assert "0 of 8 products of `products` are sold (01001; sold: 1001)" in loaded.errors
    assert "0 of 1 products of `stock` are sold (01002; sold: 1001)" in loaded.errors
    assert "the ids differ only by leading zeros or a trailing .0" in loaded.errors


def test_product_that_loses_its_large_figures_is_named(load: Load) -> None:
    lossy = load("27-refused-becomes-zero")
    assert "lost lines: BIG loses 209 of 446 lines, most of them as unparsable_quantity" in lossy.errors
    assert "set input.thousands" in lossy.errors
    assert lossy.code == 0  # BIG holds less than 5 % of the lines
    unknown = lossy.warehouse.read("sales").where("product_id = 'BIG' AND quantity IS NULL")
    assert unknown.count() == 209
    corrected = load("27-refused-becomes-zero", "input.thousands=','")
    assert corrected.code == 0
