"""Guesses which allowed value was meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from lepton_spark.language import Message


def did_you_mean(found: object, allowed: Iterable[str]) -> str:
    """The end of a message that names the most similar allowed value; empty if none is similar.

    >>> did_you_mean("horizn", ["horizon", "models"])
    '; did you mean horizon?'
    >>> did_you_mean("price", ["horizon", "models"])
    ''
    """
    by_lower = {value.lower(): value for value in allowed}
    close = get_close_matches(str(found).lower().replace(" ", "_"), by_lower, n=1)
    return Message("; did you mean {name}?", name=by_lower[close[0]]) if close else ""
