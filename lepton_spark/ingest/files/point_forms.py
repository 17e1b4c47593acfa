"""Numbers such as 1.120, whose point may be a decimal sign or separate thousands."""

import re
from collections.abc import Iterable

from lepton_spark.ingest.files.layout import UnreadableFileError

_LIKE_THOUSANDS = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*")


class PointForms:
    """Counts the numbers with a point in a column, and those that may be whole thousands."""

    def __init__(self) -> None:
        self._n_like_thousands, self._is_clear, self._example = 0, False, ""

    def count(self, texts: Iterable[str | None]) -> None:
        """Adds texts of the column; stops once a number can only have a decimal point."""
        if self._is_clear:
            return
        for text in texts:
            if text is not None and "." in text:
                if _LIKE_THOUSANDS.fullmatch(text) is None:
                    self._is_clear = True
                    return
                self._n_like_thousands, self._example = self._n_like_thousands + 1, text.strip()

    def require_clear(self, column: str) -> None:
        """Raises UnreadableFileError if every number with a point may be whole thousands."""
        if self._is_clear or not self._n_like_thousands:
            return
        number = self._example
        raise UnreadableFileError(
            "ambiguous_decimal",
            f"column {column}: found {self._n_like_thousands} numbers such as {number}, with a point before "
            "three digits, and no other number with a point; allowed: a known decimal sign. "
            f"Set input.decimal: ',' and input.thousands: '.' if {number} means "
            f"{number.replace('.', '')}, or input.decimal: '.' if it has a fraction",
        )
