"""The parts of a workbook, read once to their ends and bounded before a sheet is laid out in memory."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.kinds import OLD_WORKBOOK, ZIP
from lepton_spark.ingest.files.workbooks.cell_scan import CellScan

BYTES_PER_CELL = 32
"""Memory of a cell in the reader's rectangle of a sheet, empty ones included."""

_READ_AT_ONCE = 1 << 16
_OTHER_BOOKS = {"xl/workbook.bin": "a binary workbook (.xlsb)", "content.xml": "an OpenDocument sheet (.ods)"}


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. unreadable: why, by row and column from 1."""

    name: str
    is_visible: bool
    n_cells: int
    unreadable: Mapping[int, Mapping[int, str]]


def sheets_of(content: bytes, layout: Layout) -> list[Sheet]:
    """The sheets of a workbook.

    Raises: UnreadableFileError for content that is no complete workbook, or would take more memory than
    `layout.max_unpacked` bytes.
    """
    _require_workbook(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = _scanned(packed, layout)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as fault:
        raise _unreadable(" ".join(str(fault).split())[:300], "a complete workbook (.xlsx)") from fault
    other = next((words for name, words in _OTHER_BOOKS.items() if name in parts), None)
    if other is not None:
        raise UnreadableFileError(
            "wrong_kind", f"content: found {other}; allowed: an Excel workbook (.xlsx). Save it as .xlsx"
        )
    return _sheets(parts)


def _require_workbook(content: bytes) -> None:
    if content.startswith(ZIP):
        return
    found, remedy = "no workbook", "Set input.format to the format of the file"
    if content.startswith(OLD_WORKBOOK):
        found, remedy = "an old (.xls) or locked workbook", "Save it as .xlsx, without a password"
    raise UnreadableFileError(
        "wrong_kind", f"content: found {found}; allowed: an Excel workbook (.xlsx). {remedy}"
    )


def _scanned(packed: zipfile.ZipFile, layout: Layout) -> dict[str, CellScan]:
    """All parts by name; unpacking stops at the limit, whatever sizes the file states."""
    parts: dict[str, CellScan] = {}
    left = layout.max_unpacked
    for info in packed.infolist():
        scan = parts[info.filename] = CellScan()
        with packed.open(info) as part:
            while chunk := part.read(_READ_AT_ONCE):
                left -= len(chunk)
                if left < 0:
                    raise _too_large(f"more than {layout.max_unpacked} bytes", layout)
                scan.feed(chunk)
        scan.feed(b"", is_last=True)
        if scan.n_rows * scan.n_columns * BYTES_PER_CELL > layout.max_unpacked:
            raise _too_large(f"cells up to row {scan.n_rows}, column {scan.n_columns}", layout)
    _require_bounded_texts(parts, layout)
    return parts


def _require_bounded_texts(parts: Mapping[str, CellScan], layout: Layout) -> None:
    """Shared texts are copied into every cell that holds them."""
    sizes = dict(enumerate(size for part in parts.values() for size in part.text_sizes))
    for part in parts.values():
        total = sum(n_cells * sizes.get(number, 0) for number, n_cells in part.shared.items())
        if total > layout.max_unpacked:
            raise _too_large(f"cells with {total} bytes of text", layout)


def _too_large(found: str, layout: Layout) -> UnreadableFileError:
    return UnreadableFileError(
        "unpacks_too_large",
        f"content: found {found}; allowed: up to {layout.max_unpacked} bytes, with {BYTES_PER_CELL} for each "
        "cell between the first and the last. Delete cells that lie apart, split the workbook, or raise "
        "input.max_unpacked_bytes",
    )


def _sheets(parts: Mapping[str, CellScan]) -> list[Sheet]:
    book = next((name for name, part in parts.items() if part.sheets), "")
    if not book:
        raise _unreadable("no list of sheets", "a workbook (.xlsx)")
    folder, name = posixpath.split(book)
    relations = parts.get(posixpath.join(folder, "_rels", f"{name}.rels"), CellScan())
    found = []
    for sheet in parts[book].sheets:
        identity = next((value for key, value in sheet.items() if key.endswith(":id")), "")
        part = parts.get(posixpath.join("/", folder, relations.targets.get(identity, "")).lstrip("/"))
        if part is None or not part.is_xml:
            raise _unreadable(f"sheet {sheet.get('name')} without complete XML", "complete sheets")
        is_visible = sheet.get("state", "visible") == "visible"
        found.append(Sheet(sheet.get("name", ""), is_visible, part.n_cells, part.unreadable))
    return found


def _unreadable(found: str, allowed: str) -> UnreadableFileError:
    return UnreadableFileError(
        "unreadable_workbook",
        f"content: found {found}; allowed: {allowed}. Save it again as .xlsx, or have it delivered again",
    )
