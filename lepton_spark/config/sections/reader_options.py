"""Which reader options each input format knows, their names in this project, and the values they may have."""

import io
import re
from collections.abc import Callable, Iterator, Mapping

from lepton_spark.config.refusal import Refusal

READER_OPTIONS: Mapping[str, frozenset[str]] = {
    "csv": frozenset(
        {"separator", "sep", "delimiter", "encoding", "charset", "quote", "compression", "header"}
    ),
    "json": frozenset({"encoding", "charset", "compression"}),
    "parquet": frozenset(),
    "delta": frozenset({"versionAsOf"}),
}

ALIASES: Mapping[str, str] = {"sep": "separator", "delimiter": "separator", "charset": "encoding"}
"""Spark's names of the same options, so that a known habit works."""

_TABS = ("\\t", "tab")
_QUOTE = '"'


def option_faults(file_format: str, options: Mapping[str, str]) -> Iterator[Refusal]:
    """Options unknown to the format, given twice, or of a value that no file could be read by."""
    for name, value in options.items():
        if name not in READER_OPTIONS[file_format]:
            known = ", ".join(sorted(READER_OPTIONS[file_format])) or "none"
            yield Refusal((name,), value, f"options of {file_format}: {known}")
        elif not _is_good(ALIASES.get(name, name), value):
            yield Refusal((name,), value, _ALLOWED[ALIASES.get(name, name)])
        elif ALIASES.get(name) in options:
            yield Refusal((name,), value, f"either {name} or {ALIASES[name]}, which mean the same")
    known_as = reader_options(options)
    quote = known_as.get("quote", _QUOTE)
    if file_format == "csv" and quote == known_as.get("separator", ","):
        given = next(name for name in options if ALIASES.get(name, name) in {"separator", "quote"})
        yield Refusal((given,), quote, "a separator that is not the quote")


def reader_options(options: Mapping[str, str]) -> dict[str, str]:
    """The options under this project's names, a tab as itself."""
    known_as = {ALIASES.get(name, name): value for name, value in options.items()}
    if known_as.get("separator") in _TABS:
        known_as["separator"] = "\t"
    return known_as


def _is_good(name: str, value: str) -> bool:
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
    "compression": lambda value: value.lower() in {"gzip", "none"},
    "header": lambda value: value.lower() in {"true", "false"},
    "versionAsOf": lambda value: re.fullmatch("0|[1-9][0-9]*", value) is not None,
}
_ALLOWED: Mapping[str, str] = {
    "separator": "one character, or \\t for a tab",
    "encoding": "a text encoding such as utf-8 or gb18030",
    "quote": "one character, or nothing when no field is quoted",
    "compression": "gzip or none",
    "header": "true or false",
    "versionAsOf": "a version of the table, a whole number from 0 up",
}
