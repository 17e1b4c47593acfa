"""Which signs the numbers of a file have: decimal, between thousands, and further forms."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lepton_spark.detection.trials import NUMBER_FORMATS, ColumnTrial
from lepton_spark.ingest.lines.reading.numbers import PLAIN, NumberFormat

_FORMS: Mapping[str, str] = {
    "trailing_minus": r"\d[\d.,]*-",
    "parentheses": r"\([\d.,]+\)",
    "unicode_minus": "\u2212.*",
    "unit": r"[+-]?\d[\d.,]*\s*[^\W\d_\s]+\.?|[+-]?\d[\d.,]*\s*[$\u20ac\u00a3\u00a5]",
}


def number_formats(
    trials: Sequence[ColumnTrial], texts: Iterable[str], *, is_english: bool
) -> list[NumberFormat]:
    """The formats that read most of these columns, the proposed one first; several if both are possible.

    texts: of all these columns. is_english: whether a point is more probably a decimal sign than one between
    thousands, and a comma the other way round.
    """
    read = {written: sum(trial.numbers.get(written, 0) for trial in trials) for written in NUMBER_FORMATS}
    best = max(read.values(), default=0)
    if not best:
        return [PLAIN]
    kept = list(texts)
    forms = tuple(name for name, shape in _FORMS.items() if any(re.fullmatch(shape, text) for text in kept))
    fitting = [replace(written, forms=forms) for written in NUMBER_FORMATS if read[written] == best]
    sign = next((sign for sign in ".," if _like_thousands(sign, kept)), None)
    if sign is None:
        return fitting[:1]
    as_decimal = NumberFormat(sign, None, forms)
    as_thousands = NumberFormat("," if sign == "." else ".", sign, forms)
    possible = [written for written in (as_decimal, as_thousands) if written in fitting]
    is_decimal_first = is_english == (sign == ".")
    return (possible if is_decimal_first else possible[::-1]) or fitting[:1]


def _like_thousands(sign: str, texts: Sequence[str]) -> bool:
    """Whether every number with this sign may be whole thousands, such as 1.120."""
    with_sign = [text for text in texts if sign in text]
    shape = rf"[+-]?[1-9]\d{{0,2}}(\{sign}\d{{3}})+"
    return bool(with_sign) and all(re.fullmatch(shape, text) for text in with_sign)
