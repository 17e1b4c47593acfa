"""Conditions that Delta holds every row to, as SQL over columns that the code names itself."""

_INFINITY = "double('Infinity')"


def units(column: str) -> str:
    """A finite number from 0."""
    return f"{column} >= 0 AND {column} < {_INFINITY}"


def number(column: str) -> str:
    """A finite number."""
    return f"{column} > -{_INFINITY} AND {column} < {_INFINITY}"


def at_least(least: int, column: str) -> str:
    """A number from `least` on; where sums over numbers near the float limit may be infinite."""
    return f"{column} >= {least}"


def among(column: str, *values: str) -> str:
    """One of some words."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def unless_null(column: str, condition: str) -> str:
    """The condition, which a null would fail, of a column that may be null."""
    return f"{column} IS NULL OR ({condition})"
