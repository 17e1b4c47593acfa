"""Which reader options each input format knows, and their names in this project."""

from collections.abc import Mapping

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


def option_faults(file_format: str, options: Mapping[str, str]) -> list[str]:
    """Names the format does not know."""
    return sorted(set(options) - READER_OPTIONS[file_format])


def reader_options(options: Mapping[str, str]) -> dict[str, str]:
    """The options under this project's names."""
    return {ALIASES.get(name, name): value for name, value in options.items()}
