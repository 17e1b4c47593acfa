"""The language of what people read: English, unless a command chooses another one for its process.

What is stored, logged or read by machines stays English: only the command line calls `use_language`, and
Spark's workers are processes of their own.
"""

import gettext
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType
from typing import Self

DOMAIN = "lepton_spark"
ENGLISH = "en"
CATALOGUES: Mapping[str, str] = MappingProxyType({"zh": "zh_CN"})
"""The folder of each language's catalogue, by the code of the language."""

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


class _Language:
    """The language of this process and its catalogue."""

    code = ENGLISH
    catalogue = gettext.NullTranslations()


def language_of(environment: Mapping[str, str]) -> str:
    """The language of the first variable of the locale that is set; English without a catalogue for it.

    >>> language_of({"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
    'zh'
    >>> language_of({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
    'en'
    """
    locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    code = locale.partition(".")[0].partition("@")[0].partition("_")[0]
    return code if code in CATALOGUES else ENGLISH


def use_language(code: str) -> None:
    """Sets the language of this process: `en`, or one of CATALOGUES."""
    _Language.code = code
    _Language.catalogue = gettext.NullTranslations()
    if code != ENGLISH:
        folder = files("lepton_spark").joinpath("locale", CATALOGUES[code], "LC_MESSAGES")
        with folder.joinpath(f"{DOMAIN}.mo").open("rb") as catalogue:
            _Language.catalogue = gettext.GNUTranslations(catalogue)


def language_tag() -> str:
    """The language as HTML names it.

    >>> language_tag()
    'en'
    """
    return CATALOGUES.get(_Language.code, ENGLISH).replace("_", "-")


def translated(message: str) -> str:
    """The message in the language of this process; modules import it as `_`.

    message: a literal, with named fields for `str.format`, so that it can be extracted.
    """
    return _Language.catalogue.gettext(message) if message else ""


class Message(str):
    """An English text that can be translated when it is shown; stored and logged it is English.

    >>> Message("no table {name}", name="sale")
    'no table sale'
    """

    _template: str
    _values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """The template with its values, themselves messages or any data; without values it has no fields."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made._template, made._values = template, values
        return made

    def shown(self) -> str:
        """The text in the language of this process."""
        values = {name: shown(value) for name, value in self._values.items()}
        template = translated(self._template)
        return template.format(**values) if values else template


def shown(value: object) -> object:
    """A message in the language of this process; anything else as it is."""
    return value.shown() if isinstance(value, Message) else value


def later(message: str) -> str:
    """The message itself: marks a literal that is translated where it is used."""
    return message


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun. one, many: messages with the field `{n}`.

    >>> counted(1, "{n} order", "{n} orders"), counted(2_000, "{n} order", "{n} orders")
    ('1 order', '2,000 orders')
    """
    return _Language.catalogue.ngettext(one, many, number).format(n=f"{number:,}")


_WEEKDAYS = (
    later("Monday"),
    later("Tuesday"),
    later("Wednesday"),
    later("Thursday"),
    later("Friday"),
    later("Saturday"),
    later("Sunday"),
)
_SHORT_WEEKDAYS = (
    later("Mon"),
    later("Tue"),
    later("Wed"),
    later("Thu"),
    later("Fri"),
    later("Sat"),
    later("Sun"),
)


def weekday(day: date) -> str:
    """The weekday's name.

    >>> weekday(date(2024, 5, 31))
    'Friday'
    """
    return translated(_WEEKDAYS[day.weekday()])


def short_weekday(day: date) -> str:
    """The weekday's name in a table.

    >>> short_weekday(date(2024, 5, 31))
    'Fri'
    """
    return translated(_SHORT_WEEKDAYS[day.weekday()])
