"""The rows of one sheet of a workbook as lines of text: stored values, formulas are never evaluated."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from lepton_spark.ingest.files.layout import Layout, Row, UnreadableFileError
from lepton_spark.ingest.files.text.csv_lines import Record, table_of
from lepton_spark.ingest.files.workbooks.parts import Sheet, sheets_of

Unreadable = Mapping[int, Mapping[int, str]]
"""Why a cell has no value, by row and column from 1."""

Cell = int | float | str | bool | date | time | timedelta

_EXACT = 1e15
"""Whole numbers below this are written without an exponent."""


def read_workbook(content: bytes, layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """The columns and lines of the configured sheet, or of the only one with cells.

    A line's number is its row. A line with an unreadable cell in a mapped column is malformed; in another
    column the cell holds the reason as its text.

    Raises: UnreadableFileError for a file that is no bounded workbook, an unclear sheet, or a wrong header.
    """
    sheet = chosen_sheet(sheets_of(content, layout), layout.sheet)
    rows = read_cells(content, sheet)
    names, lines = table_of(_records(rows, sheet.unreadable, layout), layout)
    return names, (_checked(line, names, sheet.unreadable, layout) for line in lines)


def chosen_sheet(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """The sheet of this name; without a name, the only visible one that has cells.

    Raises: UnreadableFileError when there is none, or more than one.
    """
    filled = [sheet for sheet in sheets if sheet.is_visible and sheet.n_cells]
    found = filled if name is None else [sheet for sheet in sheets if sheet.name == name]
    if len(found) != 1:
        names = ", ".join(sheet.name for sheet in (filled if name is None else sheets))
        raise UnreadableFileError(
            "wrong_sheet",
            f"sheets: found {names or 'none with cells'}; allowed: {name or 'one with cells'}. "
            "Set input.options.sheet to the sheet of the sales",
        )
    return found[0]


def read_cells(content: bytes, sheet: Sheet) -> Iterator[list[Cell]]:
    """The cells of each row from row 1, with empty text for empty and unreadable ones.

    Raises: UnreadableFileError when the package is missing, or cannot read the sheet.
    """
    try:
        from python_calamine import load_workbook  # noqa: PLC0415 - optional
    except ImportError as fault:
        raise UnreadableFileError(
            "missing_package",
            "workbook: found no package python-calamine; allowed: workbooks only with it. Run pip install "
            "'lepton-spark[excel]' wherever files are read",
        ) from fault
    try:
        found = load_workbook(io.BytesIO(content)).get_sheet_by_name(sheet.name)
        yield from found.iter_rows() if not found.start else _from_column_a(found.iter_rows(), found.start[1])
    except BaseException as fault:  # a panic of the package is no Exception
        if not _is_of_package(fault):
            raise
        raise UnreadableFileError(
            "unreadable_workbook",
            f"content: found {' '.join(str(fault).split())[:300]}; allowed: a workbook (.xlsx). "
            "Save it again as .xlsx",
        ) from fault


def _from_column_a(rows: Iterator[list[Cell]], n_left: int) -> Iterator[list[Cell]]:
    """Rows with the empty columns on the left that the package leaves out."""
    left: list[Cell] = [""] * n_left
    return (left + row for row in rows)


def _is_of_package(fault: BaseException) -> bool:
    kind = type(fault)
    return kind.__name__ == "PanicException" or kind.__module__.startswith("python_calamine")


def _records(rows: Iterator[list[Cell]], unreadable: Unreadable, layout: Layout) -> Iterator[Record]:
    """The rows below the skipped ones; unreadable cells hold the reason in parentheses."""
    for number, cells in enumerate(rows, start=1):
        if number > layout.skip_rows:
            fields = [cell_text(cell, layout.decimal) for cell in cells]
            for column, words in unreadable.get(number, {}).items():
                fields += [""] * (column - len(fields))
                fields[column - 1] = f"({words})"
            yield number, fields if any(fields) else [], ""


def _checked(line: Row, names: Sequence[str], unreadable: Unreadable, layout: Layout) -> Row:
    number, values, _, _ = line
    reasons = unreadable.get(number, {})
    found = ((names[column - 1], reasons[column]) for column in sorted(reasons) if column <= len(names))
    name, reason = next((pair for pair in found if pair[0] in layout.columns), ("", ""))
    if values is None or not name:
        return line
    remedy = "Open the workbook in a spreadsheet program, correct the cell and save it"
    words = f"row: found {reason} in column {name}; allowed: values. {remedy}"
    return number, None, words, ", ".join(value or "" for value in values)


def cell_text(cell: Cell, decimal: str) -> str:
    """A cell as text: days and instants in the forms PARSED_FORMS, numbers with this decimal sign.

    >>> cell_text(1001.0, "."), cell_text(0.5, ","), cell_text(date(2026, 9, 1), ".")
    ('1001', '0,5', '2026-09-01')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, (int, float)):
        is_whole = abs(cell) < _EXACT and cell == int(cell)
        return str(int(cell)) if is_whole else repr(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return cell if isinstance(cell, str) else str(cell)
