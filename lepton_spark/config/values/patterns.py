"""Checks regular expressions, which Java runs inside Spark, before anything is written."""

import re

_ESCAPES = re.compile(r"\\(?:[pP](?:\{\w+(?:=\w+)?\}|\w)|.)", re.DOTALL)
_JAVA_ONLY = ("\\p", "\\P", "\\z", "\\h", "\\R", "\\X")
_PYTHON_ONLY = {
    "(?P": "(?<name>...) and \\k<name>",
    "(?(": "two alternatives",
    "\\Z": "\\z",
    "\\N": "the letter",
}


def pattern_fault(pattern: str) -> str | None:
    """What is allowed instead of an invalid pattern; None for a valid one."""
    if not pattern.strip():
        return "a regular expression, or leave the key out"
    bare = _ESCAPES.sub(lambda match: match[0] if match[0] in _PYTHON_ONLY else "", pattern)
    for syntax, instead in _PYTHON_ONLY.items():
        if syntax in bare:
            return f"a regular expression of Java (found {syntax}, which is Python's; write {instead})"
    try:
        re.compile(_as_python(pattern))
    except re.error as fault:
        return f"a regular expression ({fault})"
    return None


def _as_python(pattern: str) -> str:
    """A pattern that Python can compile for a syntax check: Java-only escapes become a letter."""
    plain = _ESCAPES.sub(lambda match: "x" if match[0].startswith(_JAVA_ONLY) else match[0], pattern)
    return re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", plain.replace("\\k<", "\\\\k<"))
