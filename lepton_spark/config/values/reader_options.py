"""The reader options of each input format, their names in this project, and their valid values."""

import io
import re
from collections.abc import Callable, Iterator, Mapping

from lepton_spark.config.invalid_settings import InvalidSetting
from lepton_spark.config.suggestions import did_you_mean

READER_OPTIONS: Mapping[str, frozenset[str]] = {
    "csv": frozenset(
        {
            *("separator", "sep", "delimiter", "encoding", "charset"),
            *("quote", "escape", "compression", "header"),
        }
    ),
    "json": frozenset({"encoding", "charset", "compression"}),
    "parquet": frozenset(),
    "delta": frozenset({"versionAsOf"}),
    "excel": frozenset({"sheet"}),
}

ALIASES: Mapping[str, str] = {"sep": "separator", "delimiter": "separator", "charset": "encoding"}
"""Spark's other names of the same options, accepted too."""

_TABS = ("\\t", "tab")
_QUOTE = '"'


def invalid_options(file_format: str, options: Mapping[str, str]) -> Iterator[InvalidSetting]:
    """Yields options that the format does not have, that are given twice, or whose value is invalid."""
    for name, value in options.items():
        if name not in READER_OPTIONS[file_format]:
            known = sorted(READER_OPTIONS[file_format])
            listed = ", ".join(known) or "none"
            allowed = f"options of {file_format}: {listed}{did_you_mean(name, known)}"
            yield InvalidSetting((name,), value, allowed)
        elif not _is_valid(ALIASES.get(name, name), value):
            yield InvalidSetting((name,), value, _ALLOWED[ALIASES.get(name, name)])
        elif ALIASES.get(name) in options:
            yield InvalidSetting((name,), value, f"either {name} or {ALIASES[name]}, which mean the same")
    canonical = reader_options(options)
    quote = canonical.get("quote", _QUOTE)
    if file_format == "csv" and quote == canonical.get("separator", ","):
        given = next(name for name in options if ALIASES.get(name, name) in {"separator", "quote"})
        yield InvalidSetting((given,), quote, "a separator that is not the quote")


def reader_options(options: Mapping[str, str]) -> dict[str, str]:
    r"""The options under this project's names, with a tab as the tab character.

    >>> reader_options({"sep": "tab", "charset": "gb18030"})
    {'separator': '\t', 'encoding': 'gb18030'}
    """
    canonical = {ALIASES.get(name, name): value for name, value in options.items()}
    if canonical.get("separator") in _TABS:
        canonical["separator"] = "\t"
    return canonical


def _is_valid(name: str, value: str) -> bool:
    return _RULES[name](value)


def _is_one_character(value: str) -> bool:
    return len(value) == 1 and value not in "\r\n\0"


def _is_text_encoding(name: str) -> bool:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        return False
    return True


_RULES: Mapping[str, Callable[[str], bool]] = {
    "separator": lambda value: value in _TABS or _is_one_character(value),
    "encoding": _is_text_encoding,
    "quote": lambda value: value == "" or _is_one_character(value),
    "escape": lambda value: _is_one_character(value) and value not in {_QUOTE, "'"},
    "compression": lambda value: value.lower() in {"gzip", "none"},
    "header": lambda value: value.lower() in {"true", "false"},
    "sheet": lambda value: bool(value.strip()),
    "versionAsOf": lambda value: re.fullmatch("0|[1-9][0-9]*", value) is not None,
}
_ALLOWED: Mapping[str, str] = {
    "separator": "one character, or \\t for a tab",
    "encoding": "a text encoding such as utf-8 or gb18030",
    "quote": "one character, or nothing when no field is quoted",
    "escape": "one character other than a quote, such as \\",
    "compression": "gzip or none",
    "header": "true or false",
    "sheet": "the name of a sheet",
    "versionAsOf": "a version of the table, a whole number from 0 up",
}
