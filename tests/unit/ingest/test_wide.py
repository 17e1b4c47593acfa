"""Wide files: cells below days become lines that point to their row and column."""

import re

import pyarrow as pa
import pytest
from pydantic import ValidationError

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files import wide
from lepton_spark.ingest.files.inspection import inspect, read_columns
from lepton_spark.ingest.files.layout import Layout

SALES = b"""sku,name,2026-09-01,total,2026-09-02,2026-09-03
007,Cup,3,3,, 0
8,Mug, ,5,5,x
9,Pot
10,Jug,1,1,,
"""


def settings(**changes: object) -> InputSettings:
    columns = ColumnNames(product_id="sku", date="day", quantity="units")
    return InputSettings(**({"layout": "wide", "columns": columns} | changes))  # type: ignore[arg-type]


def cells(content: bytes, **changes: object) -> list[tuple[object, ...]]:
    """line_number, malformed and the columns of each line."""
    names, batches = read_columns("a.csv", content, Layout.of(settings(**changes)))
    assert names == ["sku", "day", "units"]
    rows = pa.Table.from_batches(batches).drop_columns(["raw"]).to_pylist()
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("at_once", [1, 6, 200_000], ids=["row by row", "two rows", "together"])
def test_filled_cells_of_days_become_lines_numbered_by_row_and_column(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blank cells are no lines, 0 is a figure; `name` and `total` are neither days nor mapped."""
    monkeypatch.setattr(wide, "CELLS_AT_ONCE", at_once)
    short = "line: found 2 columns; allowed: 6, as many as the header"
    assert sorted(cells(SALES), key=lambda line: str(line[0])) == [
        (200_003, None, "007", "2026-09-01", "3"),
        (200_006, None, "007", "2026-09-03", " 0"),
        (300_005, None, "8", "2026-09-02", "5"),
        (300_006, None, "8", "2026-09-03", "x"),
        (400_000, short, None, None, None),
        (500_003, None, "10", "2026-09-01", "1"),
    ]


def test_plain_files_are_melted_as_others_are() -> None:
    plain = SALES.replace(b"9,Pot\n", b"")
    quoted = plain.replace(b"10,Jug,1,1,,", b'10,"J""ug",1,1,,')  # not plain: a quote inside a field
    assert cells(plain) == cells(quoted)


def test_inspection_counts_the_lines_of_cells() -> None:
    found = inspect("a.csv", SALES, Layout.of(settings()))
    assert (found.columns, found.lines, found.last_line) == (("day", "sku", "units"), 6, 500_003)
    assert found.missing == {"sku": 0, "day": 0, "units": 0}


@pytest.mark.parametrize(
    ("forms", "header"),
    [
        (["d.M.yyyy"], "1.9.2026"),
        (["yyyy-MM-dd", "dd.MM.yy"], "01.09.26"),
        (["yyyyMMdd"], "20260901"),
        (["d MMM yyyy"], "1 Sep 2026"),
        (["excel_day"], "46266"),
        (["yyyy'W'MM-dd"], "2026W09-01"),
    ],
    ids=str,
)
def test_headers_in_a_configured_form_are_days(forms: list[str], header: str) -> None:
    assert cells(f"sku,{header}\n1,4\n".encode(), date_formats=forms) == [(200_002, None, "1", header, "4")]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("sku,2026-09-01,2026-09-01", "found 2026-09-01 twice; allowed: each day once"),
        (
            "sku,2026-09-01,13.09.2026",
            "found 13.09.2026, which may be a day in another form; allowed: days of the form yyyy-MM-dd",
        ),
        (
            "sku,2026-09-01,13.09.2026",
            "its dates fit d.M.yyyy: set input.date_formats",
        ),
        ("sku,name,total", "found no column of a day; allowed: days of the form yyyy-MM-dd"),
        ("name,2026-09-01,2026-09-02", "found name, 2026-09-01, 2026-09-02 (without sku)"),
    ],
    ids=["a day twice", "another form", "its form", "no day", "no product"],
)
def test_file_with_unclear_days_is_refused(header: str, words: str) -> None:
    found = inspect("a.csv", f"{header}\n1,2,3\n".encode(), Layout.of(settings()))
    assert found.reason == "wrong_header"
    assert words in str(found.words)


def test_file_with_more_columns_than_numbers_of_a_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "NUMBERS_PER_ROW", 6)
    found = inspect("a.csv", SALES, Layout.of(settings()))
    assert "found 6 columns; allowed: fewer than 6" in str(found.words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "transactions"}, "long with input.kind transactions"),
        ({"format": "parquet"}, "long with input.format parquet"),
        ({"options": {"header": "false"}}, "long with input.options.header false"),
    ],
)
def test_layout_needs_daily_figures_below_headers(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        settings(**changes)
