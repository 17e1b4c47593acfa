"""Proposed settings for sampled lines, and their text; the trials are written by hand."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from lepton_spark.config import load_config
from lepton_spark.detection.csv_layouts import CsvLayout
from lepton_spark.detection.proposal import Proposal, propose
from lepton_spark.detection.roles import Columns
from lepton_spark.detection.sampled_lines import SampledLines
from lepton_spark.detection.trials import NUMBER_FORMATS, ColumnTrial, DateFit
from lepton_spark.detection.written import as_yaml
from lepton_spark.errors import InputError

FIRST, LAST = date(2026, 9, 1), date(2026, 10, 31)


def _columns(
    rows: Sequence[Sequence[str]],
    names: Sequence[str],
    trials: Mapping[str, ColumnTrial],
    separator: str = ",",
) -> Columns:
    layout = CsvLayout(separator, None, 0, True, tuple(names), tuple(rows))
    kinds = dict.fromkeys(names, "text")
    lines = SampledLines("csv", tuple(names), kinds, tuple(rows), csv=layout)
    texts = {name: ColumnTrial(len(rows)) for name in names}
    return Columns(lines, {**texts, **trials})


def _dates(n_values: int, *forms: str, weekdays: int = 7) -> ColumnTrial:
    return ColumnTrial(n_values, tuple(DateFit(form, n_values, FIRST, LAST, weekdays) for form in forms))


def _numbers(n_values: int) -> ColumnTrial:
    return ColumnTrial(n_values, (), dict.fromkeys(NUMBER_FORMATS, n_values))


def _daily(**trials: ColumnTrial) -> Proposal:
    rows = [(f"{day}/9/2026", sku, "5") for day in range(1, 10) for sku in "AB"]
    found = {"date": _dates(18, "d/M/yyyy"), "qty": _numbers(18), **trials}
    return propose(_columns(rows, ("date", "sku", "qty"), found), {})


def test_daily_figures_are_proposed() -> None:
    proposal = _daily()
    assert proposal.columns == {"date": "date", "product_id": "sku", "quantity": "qty"}
    assert proposal.settings == {"format": "csv", "kind": "daily", "date_formats": ["d/M/yyyy"]}
    assert proposal.forecast == {"horizon": 28}
    assert proposal.choices == ()


def test_two_date_forms_are_a_choice_with_the_shorter_span_first() -> None:
    fits = (
        DateFit("d/M/yyyy", 18, date(2026, 1, 9), date(2026, 9, 9), 7),
        DateFit("M/d/yyyy", 18, date(2026, 9, 1), date(2026, 9, 9), 7),
    )
    proposal = _daily(date=ColumnTrial(18, fits))
    (choice,) = proposal.choices
    assert choice.values == (["M/d/yyyy"], ["d/M/yyyy"])
    assert proposal.settings["date_formats"] == ["M/d/yyyy"]
    chosen = proposal.choosing(choice, ["d/M/yyyy"])
    assert chosen.settings["date_formats"] == ["d/M/yyyy"]
    text = as_yaml(chosen, "in", "out", "lepton.yaml")
    assert "# date_formats: [M/d/yyyy]" in text
    assert "# date_formats: [d/M/yyyy]" not in text
    assert "\n  date_formats: [d/M/yyyy]" in text


def test_forms_that_read_the_same_days_are_no_choice() -> None:
    assert _daily(date=_dates(18, "yyyy-MM-dd", "yyyy-M-d")).choices == ()


def test_days_of_one_weekday_are_figures_of_weeks() -> None:
    proposal = _daily(date=_dates(18, "d/M/yyyy", weekdays=1))
    assert proposal.forecast == {"frequency": "weekly", "week_end": "tuesday", "horizon": 8}


def test_numbers_are_dates_only_in_a_column_with_a_name_of_dates() -> None:
    serial = ColumnTrial(18, (DateFit("excel_day", 18, FIRST, LAST, 7),), dict.fromkeys(NUMBER_FORMATS, 18))
    assert _daily(date=serial).settings["date_formats"] == ["excel_day"]
    with pytest.raises(InputError, match=r"none seems to be date.*--column date=NAME"):
        propose(_columns([("46266", "A", "5")], ("x", "sku", "qty"), {"x": serial, "qty": _numbers(1)}), {})


def _tickets(rows: Sequence[Sequence[str]], **more: str) -> Proposal:
    names = ("Order ID", "date", "sku", "qty", "status", "Email")
    trials = {"date": _dates(len(rows), "yyyy-MM-dd"), "qty": _numbers(len(rows))}
    return propose(_columns(rows, names, trials), more)


SALES = [(f"{number}", "2026-09-01", "A", "2", "Shipped", f"{number}@example.org") for number in range(9)]


def test_tickets_mean_single_sales_and_statuses_are_skipped() -> None:
    cancelled = [("9", "2026-09-01", "A", "2", "Cancelled", "9@example.org")]
    proposal = _tickets([*SALES, *cancelled])
    assert (proposal.settings["kind"], proposal.columns["transaction_id"]) == ("transactions", "Order ID")
    assert proposal.settings["skip_where"] == {"status": ["Cancelled"]}
    assert proposal.settings["personal_columns"] == ["Email"]


def test_letter_before_the_tickets_of_returns_marks_cancellations() -> None:
    returned = [("C8", "2026-09-02", "A", "-2", "Shipped", "8@example.org")]
    assert _tickets([*SALES, *returned]).settings["cancellation_pattern"] == "^C"
    assert "cancellation_pattern" not in _tickets([*SALES, ("8", *returned[0][1:])]).settings
    of_sales = [(f"C{number}", *rest) for number, *rest in SALES]
    assert "cancellation_pattern" not in _tickets([*of_sales, *returned]).settings


def test_personal_columns_are_known_by_name_or_by_values() -> None:
    names = ("date", "sku", "qty", "Phone", "contact", "colour")
    rows = [("2026-09-01", "A", "1", "0221-1", "a@example.org", "red")]
    trials = {"date": _dates(1, "yyyy-MM-dd"), "qty": _numbers(1)}
    assert propose(_columns(rows, names, trials), {}).settings["personal_columns"] == ["Phone", "contact"]


def test_repeated_product_days_are_single_sales() -> None:
    trials = {"date": _dates(10, "yyyy-MM-dd"), "qty": _numbers(10)}
    rows = [("2026-09-01", "A", "1")] * 10
    proposal = propose(_columns(rows, ("date", "sku", "qty"), trials), {})
    assert proposal.settings["kind"] == "transactions"


def test_given_columns_come_first_and_must_exist() -> None:
    assert _tickets(SALES, product_id="status").columns["product_id"] == "status"
    with pytest.raises(InputError, match=r"--column: found item; allowed: one of Order ID"):
        _tickets(SALES, product_id="item")


def test_text_is_a_valid_configuration_with_every_setting(tmp_path: Path) -> None:
    rows = [("1.9.2026", "A: b", "yes", "1,5", "C1")]
    names = ("Datum", "SKU #", "Filiale", "Menge", "Bonnummer")
    trials = {"Datum": _dates(1, "d.M.yyyy"), "Menge": ColumnTrial(1, (), {NUMBER_FORMATS[1]: 1})}
    columns = _columns([*rows, ("1.9.2026", "B", "no", "1,5", "C2")], names, trials, separator=";")
    target = tmp_path / "lepton.yaml"
    target.write_text(as_yaml(propose(columns, {}), "in: put", str(tmp_path / "t"), "x"), encoding="utf-8")
    config = load_config([target]).config
    assert (config.input.path, config.warehouse.root) == ("in: put", str(tmp_path / "t"))
    assert config.input.columns.model_dump(exclude_none=True) == {
        "date": "Datum",
        "product_id": "SKU #",
        "quantity": "Menge",
        "location_id": "Filiale",
        "transaction_id": "Bonnummer",
    }
    assert (config.input.decimal, config.input.options, config.input.kind) == (
        ",",
        {"separator": ";"},
        "transactions",
    )
