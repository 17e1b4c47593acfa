"""Wide samples become lines with a day and its figure."""

import pytest

from lepton_spark.detection import day_columns
from lepton_spark.detection.day_columns import as_lines
from lepton_spark.detection.sampled_lines import SampledLines, sampled_lines
from lepton_spark.detection.samples import Sample, sample_of
from tests.workbook_file import workbook

DAYS = ("1.9.2026", "2.9.2026", "13.9.2026")


def wide(names: tuple[str, ...], *rows: tuple[str | None, ...], file_format: str = "csv") -> SampledLines:
    return SampledLines(file_format, names, dict.fromkeys(names, "text"), rows)


def test_filled_cells_below_days_become_lines() -> None:
    found = as_lines(wide(("sku", *DAYS, "sum"), ("007", "3", " ", "0", "3"), ("8", None, "", "5", "5")))
    assert (found.names, found.days) == (("sku", "sum", "date", "quantity"), DAYS)
    assert found.rows == (
        ("007", "3", "1.9.2026", "3"),
        ("007", "3", "13.9.2026", "0"),
        ("8", "5", "13.9.2026", "5"),
    )


def test_rows_of_a_large_sample_are_left_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_columns, "MAX_LINES", 6)
    found = as_lines(wide(("sku", *DAYS), *((str(row), "1", "1", "1") for row in range(4))))
    assert [row[0] for row in found.rows] == ["0", "0", "0", "2", "2", "2"]


@pytest.mark.parametrize(
    "lines",
    [
        wide(("sku", *DAYS[:2]), ("7", "1", "2")),
        wide(("sku", *DAYS), ("7", "1", "2", "3"), file_format="json"),
    ],
    ids=["two days", "json"],
)
def test_other_samples_stay_as_they_are(lines: SampledLines) -> None:
    assert as_lines(lines) is lines


def test_workbook_is_sampled_as_csv_of_its_largest_visible_sheet() -> None:
    rows = [["Sales\n2026"], [], ["sku", "units"], ["007", 1.5], ["8", 2]]
    sheets = {"Notes": [["a"]], "Sales": rows, "Old": [*rows, *rows]}
    sample = sample_of("a.xlsx", workbook(sheets, hidden=["Old"]))
    assert sample == Sample("a.xlsx", (b"Sales 2026,\n,\nsku,units\n007,1.5\n8,2\n",), sheet="Sales")
    lines = sampled_lines([sample])
    assert (lines.format, lines.sheet, lines.names) == ("excel", "Sales", ("sku", "units"))
    assert lines.csv is not None
    assert lines.csv.skip_rows == 2
    assert sample_of("a.xlsx", workbook({"Only": rows})).sheet == ""


def test_workbook_that_cannot_be_sampled_is_named_with_the_reason() -> None:
    lines = sampled_lines(
        [sample_of("a.xlsx", workbook({"Empty": []})), sample_of("b.xlsx", workbook({"S": [[1, 2], [3, 4]]}))]
    )
    assert lines.names == ()
    assert "found none with cells" in lines.others["a.xlsx"]
    assert "no row with names of columns" in lines.others["b.xlsx"]
