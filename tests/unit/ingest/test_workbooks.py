"""Workbooks: stored values as text, unreadable cells with a reason, and workbooks that are refused."""

import sys
from datetime import date, datetime

import pytest

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.inspection import inspect, read_columns
from lepton_spark.ingest.files.layout import Layout
from tests.workbook_file import MAIN, Cell, Raw, sheet_xml, workbook

HEADER = ["product_id", "date", "quantity"]
DAY = date(2026, 9, 1)
LINE = ["007", DAY, 3]
NO_VALUE = "a formula without a stored value"


def layout(**changes: object) -> Layout:
    return Layout.of(InputSettings(**({"format": "excel"} | changes)))  # type: ignore[arg-type]


def lines(content: bytes, **changes: object) -> list[tuple[object, ...]]:
    """line_number, malformed, raw and the columns of each line."""
    _, batches = read_columns("a.xlsx", content, layout(**changes))
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("007", "007"),
        (1001.0, "1001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-2.5, "-2.5"),
        (1e15, "1000000000000000.0"),
        (DAY, "2026-09-01"),
        (datetime(2026, 9, 1, 13, 5, 7), "2026-09-01T13:05:07.000000"),  # noqa: DTZ001
        (Raw('t="b"|<v>1</v>'), "true"),
        (Raw("|<f>1+2</f><v>3</v>"), "3"),
        (Raw("|<f>[1]Other!A1</f><v>4</v>"), "4"),  # a link to another file: the value stored here
        (Raw('t="str"|<f>""</f><v></v>'), ""),
        (46266.0, "46266"),  # a day as a plain number: date_formats: [excel_day]
    ],
    ids=repr,
)
def test_cell_is_read_as_its_stored_value(cell: Cell, text: str) -> None:
    content = workbook({"S": [HEADER, ["007", cell, 3]]})
    assert lines(content, decimal=".") == [(2, None, None, "007", text, "3")]


def test_fractions_have_the_configured_decimal_sign() -> None:
    """So that input.thousands: '.' cannot take 1.125 for 1125."""
    content = workbook({"S": [HEADER, ["007", DAY, 1.125]]})
    assert lines(content, decimal=",", thousands=".")[0][-1] == "1,125"


def test_lines_are_numbered_by_rows_below_titles_and_beside_empty_columns() -> None:
    rows = [[None, "Sales"], [], [None, *HEADER], [None, *LINE], [], [None, *LINE], [None, *HEADER]]
    found = lines(workbook({"S": rows}), skip_rows=2)
    assert [(line[0], line[3:]) for line in found] == [
        (row, ("", "007", "2026-09-01", "3")) for row in (4, 6)
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [(Raw("|<f>A1</f><v></v>"), NO_VALUE), (Raw("|<f>A1</f>"), NO_VALUE), (Raw('t="e"|<v>#N/A</v>'), "#N/A")],
    ids=["empty value", "no value", "error"],
)
def test_line_with_an_unreadable_cell_in_a_mapped_column_is_malformed(cell: Cell, reason: str) -> None:
    content = workbook({"S": [[*HEADER, "note"], [cell, DAY, 3, ""], ["8", DAY, 4, cell]]})
    broken, whole = lines(content)
    remedy = "Open the workbook in a spreadsheet program, correct the cell and save it"
    assert broken[:2] == (2, f"row: found {reason} in column product_id; allowed: values. {remedy}")
    assert whole == (3, None, None, "8", "2026-09-01", "4", f"({reason})")


def test_unreadable_cell_of_a_wide_sheet_is_a_line_with_the_reason() -> None:
    rows = [["product_id", DAY, "2026-09-02"], ["007", 3, Raw("|<f>B2</f>")], ["8", None, 5]]
    assert lines(workbook({"S": rows}), layout="wide") == [
        (200_002, None, None, "007", "2026-09-01", "3"),
        (200_003, None, None, "007", "2026-09-02", f"({NO_VALUE})"),
        (300_003, None, None, "8", "2026-09-02", "5"),
    ]


def test_sheet_is_the_only_visible_one_with_cells_or_the_configured_one() -> None:
    sheets = {"Empty": [], "Sales": [HEADER, LINE], "Codes": [HEADER, LINE, LINE]}
    assert len(lines(workbook(sheets, hidden=["Codes"]))) == 1
    assert len(lines(workbook(sheets), options={"sheet": "Codes"})) == 2


ONE = {"S": [HEADER, LINE]}
FAR = sheet_xml([HEADER, LINE]).replace('r="C2"', 'r="XFD1048576"')
LIES = workbook(ONE).replace(len(sheet_xml(ONE["S"])).to_bytes(4, "little"), (9).to_bytes(4, "little"))
"""A workbook whose list of parts states 9 bytes for the sheet."""


@pytest.mark.parametrize(
    ("content", "changes", "reason", "words"),
    [
        pytest.param(
            workbook(ONE, more={"xl/media/a.bin": "0" * 100_000}),
            {"max_unpacked_bytes": 50_000},
            "unpacks_too_large",
            "found more than 50000 bytes",
            id="a zip bomb in a part that is not read",
        ),
        pytest.param(
            workbook(ONE, more={"xl/worksheets/sheet1.xml": FAR}),
            {},
            "unpacks_too_large",
            "cells up to row 1048576, column 16384",
            id="two cells far apart",
        ),
        pytest.param(
            workbook(
                {"S": [[Raw('t="s"|<v>0</v>')] * 2, [Raw('t="s"|<v>1</v>')]]},
                more={"xl/sharedStrings.xml": f"<sst><si><t>{'x' * 30_000}</t></si><si><t>y</t></si></sst>"},
            ),
            {"max_unpacked_bytes": 50_000},
            "unpacks_too_large",
            "found cells with 60001 bytes of text",
            id="a long text in many cells",
        ),
        pytest.param(LIES, {}, "unreadable_workbook", "Bad CRC-32", id="a part longer than it states"),
        pytest.param(
            workbook(ONE, more={"xl/worksheets/sheet1.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
            {},
            "unreadable_workbook",
            "document type declaration",
            id="entities",
        ),
        pytest.param(
            workbook(ONE, more={"xl/worksheets/sheet1.xml": sheet_xml([HEADER])[:-20]}),
            {},
            "unreadable_workbook",
            "sheet S without complete XML",
            id="half a sheet",
        ),
        pytest.param(
            workbook(
                ONE, more={"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><c r="1A"/></worksheet>'}
            ),
            {},
            "unreadable_workbook",
            "found a cell '1A'",
            id="a cell without a place",
        ),
        pytest.param(
            workbook({"2025": [HEADER], "2026": [HEADER]}),
            {},
            "wrong_sheet",
            "sheets: found 2025, 2026; allowed: one with cells. Set input.options.sheet",
            id="two sheets",
        ),
        pytest.param(
            workbook(ONE), {"options": {"sheet": "T"}}, "wrong_sheet", "found S; allowed: T", id="T"
        ),
        pytest.param(workbook({"S": []}), {}, "wrong_sheet", "none with cells", id="nothing"),
        pytest.param(
            workbook({"S": [["Sales"], HEADER, LINE]}), {}, "wrong_header", "input.skip_rows: 1", id="a title"
        ),
        pytest.param(
            workbook({"S": [HEADER, ["1", DAY, "1.120"]]}), {}, "ambiguous_decimal", "1.120", id="decimals"
        ),
        pytest.param(workbook(ONE)[:-40], {}, "unreadable_workbook", "complete workbook", id="cut short"),
        pytest.param(workbook(ONE, more={"content.xml": ""}), {}, "wrong_kind", "(.ods)", id="ods"),
        pytest.param(workbook(ONE, more={"xl/workbook.bin": ""}), {}, "wrong_kind", "(.xlsb)", id="xlsb"),
        pytest.param(
            b"\xd0\xcf\x11\xe0..", {}, "wrong_kind", "Save it as .xlsx, without a password", id="xls"
        ),
        pytest.param(b"a,b\n", {}, "wrong_kind", "Set input.format to the format", id="csv"),
    ],
)
def test_workbook_is_refused_in_words_that_help(
    content: bytes, changes: dict[str, object], reason: str, words: str
) -> None:
    found = inspect("a.xlsx", content, layout(**changes))
    assert found.reason == reason
    assert words in str(found.words)


def test_workbook_without_the_package_is_refused_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    found = inspect("a.xlsx", workbook(ONE), layout())
    assert found.reason == "missing_package"
    assert "pip install 'lepton-spark[excel]'" in str(found.words)
