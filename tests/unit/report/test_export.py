"""Exported files: texts that look like formulas, numbers that Excel would change, rows that do not fit."""

import csv
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

from lepton_spark.errors import InputError, SetupError
from lepton_spark.report.export.text_file import write_csv
from lepton_spark.report.export.workbook import LONGEST_TEXT, write_workbook
from lepton_spark.report.export.writing import require_fitting, require_writable
from lepton_spark.report.replaced_file import replaced

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _batch(**columns: list[object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def _cells(path: Path) -> dict[str, tuple[str, str]]:
    """The kind and the value of each cell of a workbook, by its name such as A2."""
    with zipfile.ZipFile(path) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  written by this test
    assert next(sheet.iter(f"{SHEET}f"), None) is None, "a formula"
    found = {}
    for cell in sheet.iter(f"{SHEET}c"):
        value = next(iter(cell.itertext()), "")
        found[cell.attrib["r"]] = (cell.attrib.get("t", "number"), value)
    return found


def test_csv_keeps_ids_and_disarms_formulas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    ids = ["007", "=1+1", "-12", "+49", "@x", "\t=1", 'a"b', "Käse,1", None, ""]
    batch = _batch(id=ids, units=[-1.5, *[2.0] * 9], day=[date(2026, 1, 2)] * 10)
    assert write_csv(batch.schema, [batch, batch], path) == 20
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "units", "day"]
    written = ["007", "'=1+1", "'-12", "'+49", "'@x", "'\t=1", 'a"b', "Käse,1", "", ""]
    assert [row[0] for row in rows] == [*written, *written]
    assert rows[0][1:] == ["-1.5", "2026-01-02"]


def test_workbook_keeps_texts_dates_and_long_numbers(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="the extra excel is not installed")
    path = tmp_path / "a.xlsx"
    batch = _batch(
        id=["007", "=1+1", None, "http://x.example", "x" * (LONGEST_TEXT + 1)],
        units=[0.1, None, -3.0, float("nan"), 1.0],
        number=[1, 10**15, 10**15 - 1, None, -(2**62)],
        day=[date(2026, 1, 2), date(1899, 12, 31), None, None, None],
        at=[datetime(2026, 1, 2, 12, tzinfo=UTC), None, None, None, None],
    )
    assert write_workbook(batch.schema, [batch], path) == 5
    cells = _cells(path)
    assert [cells[f"{column}1"][1] for column in "ABCDE"] == ["id", "units", "number", "day", "at"]
    assert cells["A2"] == ("inlineStr", "007")
    assert cells["A3"] == ("inlineStr", "=1+1")
    assert "A4" not in cells
    assert cells["A5"] == ("inlineStr", "http://x.example")
    assert cells["A6"] == ("inlineStr", "x" * LONGEST_TEXT)
    assert cells["B2"] == ("number", "0.1")
    assert not {"B3", "B5"} & set(cells)  # null and NaN
    assert cells["C3"] == ("inlineStr", "1000000000000000")
    assert cells["C4"] == ("number", "999999999999999")
    assert cells["C6"] == ("inlineStr", "-4611686018427387904")
    assert cells["D2"] == ("number", "46024")  # days after 1899-12-30
    assert cells["D3"] == ("inlineStr", "1899-12-31")
    assert cells["E2"] == ("number", "46024.5")


def test_workbook_that_cannot_hold_the_rows_names_other_formats() -> None:
    require_fitting(1_048_575, Path("a.xlsx"))
    with pytest.raises(InputError, match=r"found 1,048,576 rows; .*Export to a\.csv or a\.parquet\."):
        require_fitting(1_048_576, Path("a.xlsx"))


def test_export_names_the_formats_and_the_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"found '\.xls'; allowed: a file that ends with \.csv, \.xlsx, \.p"):
        require_writable(Path("a.xls"))
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(SetupError, match=r"no package XlsxWriter; .*pip install 'lepton-spark\[excel\]'"):
        require_writable(Path("a.xlsx"))
    require_writable(Path("a.csv"))


def _write_half(path: Path) -> None:
    with replaced(path) as aside:
        aside.write_text("tw", encoding="utf-8")
        raise OSError("full")


def test_replaced_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.csv"
    with replaced(path) as aside:
        aside.write_text("one", encoding="utf-8")
    with pytest.raises(OSError, match="full"):
        _write_half(path)
    assert path.read_text(encoding="utf-8") == "one"
    assert [file.name for file in path.parent.iterdir()] == ["a.csv"]
