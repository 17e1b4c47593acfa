"""SQL conditions for CHECK constraints; the column names come from the code, never from input."""

_INFINITY = "double('Infinity')"


def units(column: str) -> str:
    """Finite and at least 0."""
    return f"{column} >= 0 AND {column} < {_INFINITY}"


def number(column: str) -> str:
    """Finite, of either sign."""
    return f"{column} > -{_INFINITY} AND {column} < {_INFINITY}"


def at_least(least: int, column: str) -> str:
    """At least `least`; infinity is allowed, as sums of numbers near the float limit overflow."""
    return f"{column} >= {least}"


def among(column: str, *values: str) -> str:
    """One of the given values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def unless_null(column: str, condition: str) -> str:
    """Null, or the condition, which a null value alone would fail."""
    return f"{column} IS NULL OR ({condition})"
