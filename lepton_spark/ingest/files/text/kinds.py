"""Recognises content that is not a table of lines: workbooks, archives, pages, other encodings."""

from collections.abc import Mapping

from lepton_spark.ingest.files.layout import UnreadableFileError

ZIP = b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""How files begin that are packed by zip, as .xlsx are, and workbooks of old programs."""

_MAGIC: Mapping[bytes, tuple[str, str]] = {
    OLD_WORKBOOK: ("an Excel workbook (.xls)", "Save it as .xlsx or CSV"),
    b"%PDF": ("a PDF document", "Have the table exported as CSV"),
    b"PAR1": ("a Parquet file", "Set input.format: parquet"),
    b"\xff\xfe": ("text in UTF-16", "Set input.options.encoding: utf-16"),
    b"\xfe\xff": ("text in UTF-16", "Set input.options.encoding: utf-16"),
}
_WORKBOOK_PARTS = (b"[Content_Types].xml", b"xl/")
_PAGES = (b"<!doctype html", b"<html")


def require_lines(content: bytes, file_format: str, encoding: str) -> None:
    """Checks that the content is not of another known kind.

    content: the first few kilobytes are enough, unpacked. file_format: csv or json.

    Raises: UnreadableFileError with the kind of the file and what to do about it.
    """
    found = _kind(content, file_format, encoding)
    if found is not None:
        kind, remedy = found
        allowed = "one JSON object per line" if file_format == "json" else "lines of text"
        raise UnreadableFileError("wrong_kind", f"content: found {kind}; allowed: {allowed}. {remedy}")


def is_workbook(content: bytes) -> bool:
    """Whether a file begins like an Excel workbook (.xlsx)."""
    return content.startswith(ZIP) and any(part in content[:4096] for part in _WORKBOOK_PARTS)


def _kind(content: bytes, file_format: str, encoding: str) -> tuple[str, str] | None:
    start = content[:4096]
    if start.startswith(ZIP):
        if is_workbook(start):
            return "an Excel workbook (.xlsx)", "Set input.format: excel"
        return "a zip archive", "Unpack it"
    for magic, kind in _MAGIC.items():
        if start.startswith(magic) and not (kind[0].endswith("UTF-16") and "16" in encoding):
            return kind
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:20].lower().startswith(_PAGES):
        return "a web page", "Its text may say why, such as a login that has expired; download the file again"
    if file_format == "json" and text.startswith(b"["):
        return "a JSON array", "Write one object per line, with line items as objects of their own"
    return None
