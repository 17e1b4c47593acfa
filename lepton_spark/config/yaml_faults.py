"""Text that is not YAML in words: the line, what is wrong with it, and what to write; never the line itself.

A line may contain a secret, so only its number, its keys and its signs are shown.
"""

import re
from dataclasses import dataclass

import yaml

from lepton_spark.language import Message

_INDENT = Message("keys of one section below each other, each with the same spaces before it")
_QUOTE = Message("a text with such a sign in single quotes, such as path: '*.csv'")
_KEY = Message("key: value, with a colon and a space between them")

_INDENTED = (Message("an indentation that no line above has"), _INDENT)
_BRACKET = (Message("a bracket [ or { that is not closed"), Message("a closing ] or } for each [ or {"))
_PROBLEMS = (
    ("could not find expected ':'", True, Message("a key without a colon"), _KEY),
    ("expected ',' or", True, *_BRACKET),
    ("expected the node content", True, *_BRACKET),
    ("end of stream", True, Message("a quote that is not closed"), Message("quotes in pairs")),
    (
        "'<scalar>'",
        False,
        Message("text after a closing quote"),
        Message("one text in quotes, with quotes within it doubled"),
    ),
    ("expected <block end>", False, *_INDENTED),
    ("expected '<document start>'", False, *_INDENTED),
    (
        "escape",
        False,
        Message("a backslash in double quotes"),
        Message(r"single quotes around a backslash: 'C:\data'"),
    ),
)
"""Words of the parser; whether the line is that of what was opened before; found; allowed."""


@dataclass(frozen=True)
class YamlFault:
    """What was found on which line, counted from 1, and what is allowed."""

    line: int | None
    found: str
    allowed: str


class DuplicateKeyError(yaml.constructor.ConstructorError):
    """A key that a mapping has twice; marked where it is given again."""

    def __init__(self, key: object, first: yaml.Mark, again: yaml.Mark) -> None:
        super().__init__(None, None, f"key {key!r} twice", again)
        self.key = key
        self.first = first


def yaml_fault(error: yaml.YAMLError, text: str) -> YamlFault:
    """Why a text could not be read as YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return YamlFault(
            None, Message("a control character that YAML forbids"), Message("plain text in UTF-8")
        )
    if isinstance(error, DuplicateKeyError):
        found = Message(
            "the key {key} a second time, first on line {line}",
            key=repr(error.key),
            line=error.first.line + 1,
        )
        return YamlFault(error.problem_mark.line + 1, found, Message("each key once in its section"))
    lines = text.splitlines()
    tab = _line_indented_by_tab(lines[: error.problem_mark.line + 1])
    if tab is not None:
        return YamlFault(
            tab, Message("a tab before the key"), Message("spaces: YAML forbids tabs as indentation")
        )
    return _of_problem(str(error.problem), error, error.problem_mark, lines)


def _line_indented_by_tab(lines: list[str]) -> int | None:
    return next((at for at, line in enumerate(lines, 1) if re.match(r"\s*\t\s*\S", line)), None)


def _of_problem(problem: str, error: yaml.MarkedYAMLError, mark: yaml.Mark, lines: list[str]) -> YamlFault:
    if problem.startswith("mapping values"):
        return _colon(lines, mark)
    for words, of_opening, found, allowed in _PROBLEMS:
        if words in problem:
            of = error.context_mark if of_opening and error.context_mark is not None else mark
            return YamlFault(of.line + 1, found, allowed)
    return YamlFault(mark.line + 1, _sign(problem, lines[mark.line]), _QUOTE)


def _colon(lines: list[str], mark: yaml.Mark) -> YamlFault:
    """A colon where no key can be: the line is indented too far, or a text contains a colon."""
    line, above = lines[mark.line], _line_above(lines, mark.line)
    if re.search(r":\s", line[: mark.column]):
        allowed = Message("a text with a colon and a space in single quotes")
        return YamlFault(mark.line + 1, Message("a second colon after a key's colon"), allowed)
    if _indent(line) > _indent(lines[above]):
        return YamlFault(mark.line + 1, Message("an indentation deeper than that of the key above"), _INDENT)
    return YamlFault(above + 1, Message("a key without a colon and a space after it"), _KEY)


def _line_above(lines: list[str], position: int) -> int:
    """The position of the nearest line above that is neither empty nor a comment."""
    filled = (at for at in reversed(range(position)) if not re.match(r"\s*(#|$)", lines[at]))
    return next(filled, position)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sign(problem: str, line: str) -> str:
    """The sign of YAML that a plain text may not begin with; in the parser's words if there is none."""
    found = re.search(r"(?:^|[:\-\[,{])\s*([*&!@%`|>])", line)
    if found is None:
        return problem.removeprefix("found ")
    return Message("a text that begins with {sign}, a sign with a meaning in YAML", sign=found[1])
