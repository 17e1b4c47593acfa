"""Text to numbers, as pure Column functions; and what is wrong with a text that is none."""

from dataclasses import dataclass
from typing import Self

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
LARGEST = 1e12
"""Numbers of units or money must be below this; their sums then stay exact in DECIMAL(38, 9)."""

_MINUS = "\u2212"
_SPACES = r"[ \u00a0\u2009\u202f]"
_SIGNS = {",": ",", ".": r"\.", "'": "['\u2019]", " ": _SPACES}
_UNIT = r"^([+-]?[0-9][0-9.,]*)\s*[\p{L}\p{Sc}]+\.?$"


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written; forms: those of `input.number_forms`."""

    decimal: str = "."
    thousands: str | None = None
    forms: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: InputSettings) -> Self:
        """The format of a configured input."""
        return cls(settings.decimal or ".", settings.thousands, settings.number_forms)

    @property
    def allowed(self) -> str:
        """The format, as text for messages."""
        whole = f"1{self.thousands}234" if self.thousands else "1234"
        return f"a number such as {whole}{self.decimal}5, below {LARGEST:.0e}"


PLAIN = NumberFormat()


def number(text: Column, written: NumberFormat = PLAIN) -> Column:
    """A number below LARGEST in this format; null for anything else."""
    plain = _without_groups(_with_plain_sign(text, written.forms), written)
    value = F.when(plain.rlike(NUMBER), plain.try_cast("double"))
    return F.when(F.abs(value) < LARGEST, value)


def typed_number(column: Column) -> Column:
    """A typed number, if it is finite and below LARGEST; null for anything else."""
    value = column.cast("double")
    return F.when(F.abs(value) < LARGEST, value)


def recognised(text: Column) -> Column:
    """What a text that is not a number probably is, and the setting for it; empty if it is unknown."""
    digits, found = "[0-9]", F.lit("")
    forms = {
        rf"^[+-]?{digits}{{1,3}},{digits}{{3}}$": "this has a comma before three digits: set input.thousands "
        "to ',' if it separates thousands, or input.decimal if it is the decimal sign",
        rf"^[+-]?{digits}{{1,3}}([,.'\u2019]|{_SPACES})({digits}{{3}}([,.'\u2019]|{_SPACES}))*{digits}{{3}}"
        rf"([.,]{digits}*)?$": "this has a sign between thousands: set input.thousands to it",
        rf"^[+-]?{digits}*,{digits}+$": "this has a decimal comma: set input.decimal to ','",
        rf"^{digits}[0-9.,]*-$": "this has its minus at the end: add trailing_minus to input.number_forms",
        r"^\([0-9.,]+\)$": "this is negative by its parentheses: add parentheses to input.number_forms",
        rf"^{_MINUS}[0-9.,]+$": "this has the minus sign of Unicode: add unicode_minus to input.number_forms",
        r"^'[+-]?[0-9.,]+$": "this has an apostrophe before it: have the column exported as numbers",
        _UNIT: "this has a unit or currency behind it: add unit to input.number_forms",
        r"^[+-]?\p{Nd}+$": "this has digits of another script: have it delivered with 0 to 9",
    }
    for pattern, hint in reversed(forms.items()):
        found = F.when(text.rlike(pattern), F.lit(f"; {hint}")).otherwise(found)
    return F.coalesce(found, F.lit(""))


def _with_plain_sign(text: Column, forms: tuple[str, ...]) -> Column:
    """The text with a leading ASCII minus in place of the configured other forms, and without a unit."""
    if "unicode_minus" in forms:
        text = F.translate(text, _MINUS, "-")
    if "unit" in forms:
        text = F.regexp_replace(text, _UNIT, "$1")
    if "trailing_minus" in forms:
        text = F.regexp_replace(text, r"^([0-9][^-]*)-$", "-$1")
    if "parentheses" in forms:
        text = F.regexp_replace(text, r"^\(([0-9][^()-]*)\)$", "-$1")
    return text


def _without_groups(text: Column, written: NumberFormat) -> Column:
    """The text with a decimal point and no sign between thousands; signs elsewhere stay and are no number."""
    if written.thousands is not None:
        sign = _SIGNS[written.thousands]
        grouped = rf"^[+-]?[0-9]{{1,3}}({sign}[0-9]{{3}})+({_SIGNS[written.decimal]}[0-9]*)?$"
        text = F.when(text.rlike(grouped), F.regexp_replace(text, sign, "")).otherwise(text)
    if written.decimal == ",":
        text = F.when(~F.contains(text, F.lit(".")), F.translate(text, ",", "."))
    return text
