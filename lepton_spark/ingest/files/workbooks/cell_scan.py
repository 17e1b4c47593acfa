"""Scans the XML of a workbook's part: how large its sheet is, and which of its cells have no value."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from xml.parsers import expat

from lepton_spark.ingest.files.layout import UnreadableFileError

NO_VALUE = "a formula without a stored value"

_REFERENCE = re.compile("([A-Z]{1,3})([0-9]{1,7})")


class CellScan:
    """What a part has: cells of a sheet, names of sheets, or relations between parts.

    n_rows, n_columns: of the rectangle from A1 that holds every cell. unreadable: why, by row and column from
    1. shared: how many cells hold each shared text, by its number. text_sizes: of the shared texts.
    sheets: the attributes of each sheet of a workbook. targets: names of parts by id. is_xml: whether all of
    the part was well-formed.
    """

    def __init__(self) -> None:
        self.n_rows = self.n_columns = self.n_cells = 0
        self.unreadable: dict[int, dict[int, str]] = {}
        self.shared = Counter[int]()
        self.text_sizes: list[int] = []
        self.sheets: list[Mapping[str, str]] = []
        self.targets: dict[str, str] = {}
        self.is_xml = True
        self._row = self._column = 0
        self._kind, self._has_formula, self._value, self._in_value = "", False, "", False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, content: bytes, *, is_last: bool = False) -> None:
        """Reads the next bytes of the part; after a fault of its XML the rest is ignored."""
        if self.is_xml:
            try:
                self._parser.Parse(content, is_last)
            except expat.ExpatError:
                self.is_xml = False

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "c":
            self._start_cell(attributes)
        elif kind in ("v", "is"):
            self._in_value = True
        elif kind == "f":
            self._has_formula = True
        elif kind == "si":
            self.text_sizes.append(0)
        elif kind == "row":
            self._row, self._column = int(attributes.get("r") or self._row + 1), 0
        elif kind == "sheet":
            self.sheets.append(attributes)
        elif kind == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            found = _REFERENCE.fullmatch(reference)
            if found is None:
                raise UnreadableFileError(
                    "unreadable_workbook",
                    f"content: found a cell {reference[:20]!r}; allowed: cells such as A1. "
                    "Save the workbook again as .xlsx",
                )
            self._column, self._row = _column_number(found[1]), int(found[2])
        self.n_cells += 1
        self.n_rows, self.n_columns = max(self.n_rows, self._row), max(self.n_columns, self._column)
        self._kind, self._has_formula, self._value = attributes.get("t", ""), False, ""

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value = self._value or text[:50]
        elif self.text_sizes:
            self.text_sizes[-1] += len(text)

    def _end(self, name: str) -> None:
        kind = name.rpartition(":")[2]
        if kind in ("v", "is"):
            self._in_value = False
        elif kind == "c":
            if self._kind == "s" and self._value.isdecimal():
                self.shared[int(self._value)] += 1
            elif self._kind == "e":
                self._note(self._value or "an error")
            elif self._has_formula and not self._value and self._kind != "str":  # an empty text is a value
                self._note(NO_VALUE)

    def _note(self, words: str) -> None:
        self.unreadable.setdefault(self._row, {})[self._column] = words


@cache
def _column_number(letters: str) -> int:
    """The number of a column from 1, by its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFileError(
        "unreadable_workbook",
        "content: found a document type declaration; allowed: XML without one, as spreadsheet programs write "
        "it. Save the workbook again as .xlsx",
    )
