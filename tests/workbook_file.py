"""Tiny workbooks written part by part, so that tests also make those that no spreadsheet program would."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OF_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OF_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones
DAY_STYLE = 1

Cell = str | float | date | None


class Raw(str):
    """The XML inside a cell, such as a formula, and its attributes before a bar."""

    __slots__ = ()


def workbook(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    hidden: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> bytes:
    """A workbook with these rows of each sheet from A1. more: further parts, or others in place of these."""
    numbered = list(enumerate(sheets, start=1))
    states = {name: "hidden" if name in hidden else "visible" for name in sheets}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}" state="{states[name]}"/>'
        for number, name in numbered
    )
    relations = _relation("styles", "styles", "styles.xml") + "".join(
        _relation(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml") for number, _ in numbered
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations(_relation("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OF_OFFICE}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    parts |= {f"xl/worksheets/sheet{number}.xml": sheet_xml(sheets[name]) for number, name in numbered}
    parts |= more or {}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in parts.items():
            written.writestr(name, text)
    return packed.getvalue()


def _relation(identity: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{identity}" Type="{OF_OFFICE}/{kind}" Target="{target}"/>'


def _relations(listed: str) -> str:
    return f'<Relationships xmlns="{OF_PACKAGE}">{listed}</Relationships>'


def sheet_xml(rows: Sequence[Sequence[Cell]]) -> str:
    """A sheet with these rows."""
    cells = (
        "".join(_cell(f"{_letters(column)}{number}", cell) for column, cell in enumerate(row))
        for number, row in enumerate(rows, start=1)
    )
    found = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, start=1))
    return f'<worksheet xmlns="{MAIN}"><sheetData>{found}</sheetData></worksheet>'


def _letters(column: int) -> str:
    """The letters of a column from 0: A to Z, AA, AB and so on."""
    above, letter = divmod(column, 26)
    return (_letters(above - 1) if above else "") + chr(ord("A") + letter)


def _cell(reference: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Raw):
        attributes, _, content = cell.partition("|")
        return f'<c r="{reference}" {attributes}>{content}</c>'
    if isinstance(cell, str):
        return f'<c r="{reference}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    if isinstance(cell, date):
        instant = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
        days = (instant - DAY_ZERO).total_seconds() / 86_400
        return f'<c r="{reference}" s="{DAY_STYLE}"><v>{days!r}</v></c>'
    return f'<c r="{reference}"><v>{cell!r}</v></c>'
