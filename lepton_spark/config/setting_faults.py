"""Invalid settings in words: what pydantic found, with the key, its source, and what to write instead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lepton_spark.config.secrets import masked
from lepton_spark.config.suggestions import did_you_mean
from lepton_spark.config.tree import Config
from lepton_spark.errors import Fault
from lepton_spark.language import Message

DEFAULT_SOURCE = "default"

_WORDS: Mapping[str, str] = {
    "bool_parsing": Message("true or false"),
    "bool_type": Message("true or false"),
    "float_parsing": Message("a number, with a point before decimals"),
    "float_type": Message("a number, with a point before decimals"),
    "int_parsing": Message("a whole number"),
    "int_type": Message("a whole number"),
    "int_from_float": Message("a whole number"),
    "string_type": Message("a text"),
    "dict_type": Message("keys with values, such as {key: value}"),
    "model_type": Message("keys of this section, below it and indented"),
}
"""What is allowed, by pydantic's type of an error; other types have good words of their own."""

_AROUND = r"^(Value error, |\w+ should (be |have )?)| after validation, not \d+"
"""Words of pydantic's messages that users do not need."""


def setting_faults(details: Sequence[ErrorDetails], sources: Mapping[str, str]) -> Iterator[Fault]:
    """One fault for each error of a validation that is not the consequence of another one."""
    for detail in details:
        if not _is_consequence(detail, details):
            yield _fault(detail, sources)


def nearest_source(key: str, sources: Mapping[str, str]) -> str | None:
    """The source of the key, or of its nearest parent that was set; None if there is none."""
    parts = key.split(".")
    branches = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((sources[branch] for branch in branches if branch in sources), None)


def _is_consequence(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because its items are invalid, which are reported themselves."""
    location = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(location)] == location and len(other["loc"]) > len(location) for other in details
    )


def _fault(detail: ErrorDetails, sources: Mapping[str, str]) -> Fault:
    key = _key(detail["loc"])
    source = _source_of(key.partition("[")[0], sources)
    if detail["type"] == "extra_forbidden":
        valid = _fields(_section_of(key))
        allowed = Message("one of {names}{hint}", names=", ".join(valid), hint=_meant_key(key, list(valid)))
        return Fault(source, key, Message("an unknown key"), allowed)
    found = Message("nothing") if detail["type"] == "missing" else _display(key, detail["input"])
    return Fault(source, key, found, _allowed(key, detail))


def _allowed(key: str, detail: ErrorDetails) -> str:
    found, kind = detail["input"], detail["type"]
    if kind == "tuple_type":
        return _list_form(key, found)
    words = _WORDS.get(kind, re.sub(_AROUND, "", detail["msg"]))
    if kind == "literal_error":
        return Message(
            "{words}{hint}", words=words, hint=did_you_mean(found, re.findall(r"'([^']+)'", words))
        )
    if kind == "string_type" and isinstance(found, int | float):
        return Message("{words}; write {value}, in quotes", words=words, value=repr(masked(key, str(found))))
    return words


def _list_form(key: str, found: object) -> str:
    """A list, with the value that was found as its only item."""
    if not isinstance(found, str | int | float):
        return Message("a list in brackets, such as [a, b]")
    item = masked(key, found)
    written = yaml.safe_dump([item], default_flow_style=True, allow_unicode=True, width=1000).strip()
    return Message("a list; write {key}: {value}", key=key.rpartition(".")[2], value=written)


def _key(location: Sequence[int | str]) -> str:
    """The dotted key, such as `forecast.models[2]`; `(tree)` for the complete configuration.

    A source of `input` has its number as a key, `input.1.path`, by which `--set` changes it, too.

    Names that pydantic gives to the alternatives of a value, such as `constrained-int`, are left out.
    """
    parts = [part for part in location if not re.search(r"^\[key\]$|constrained-|^dict\[", str(part))]
    if parts[0] == "input" and len(parts) > 1:
        parts[1] = str(parts[1])
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "(tree)"


def _display(key: str, value: object) -> str:
    if isinstance(value, dict) or hasattr(value, "model_dump"):
        return Message("this section")
    if value is None:
        return Message("nothing")
    text = repr(masked(key, value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _source_of(key: str, sources: Mapping[str, str]) -> str:
    """The source of the key, of its nearest parent, or of all keys below it."""
    found = nearest_source(key, sources)
    below = sorted({source for name, source in sources.items() if name.startswith(f"{key}.")})
    return found or ", ".join(below) or DEFAULT_SOURCE


def _section_of(key: str) -> type[BaseModel]:
    """The section in which a key is unknown."""
    section: type[BaseModel] = Config
    for part in key.split(".")[:-1]:
        if part.isdigit():
            continue
        name = part.partition("[")[0]
        below = _section_at(section.model_fields[name]) if name in section.model_fields else None
        if below is None:
            break
        section = below
    return section


def _meant_key(key: str, valid: Sequence[str]) -> str:
    """A similar key of the same section, or the same key of another section."""
    name = key.rpartition(".")[2]
    similar = did_you_mean(name, valid)
    elsewhere = next((dotted for dotted in _all_keys(Config) if dotted.rpartition(".")[2] == name), None)
    if similar or elsewhere is None:
        return similar
    return Message("; did you mean {name}? A section's keys are below it and indented", name=elsewhere)


def _all_keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All dotted keys, those of the outer sections first."""
    for name, field in _fields(section).items():
        yield f"{prefix}{name}"
        below = _section_at(field)
        if below is not None:
            yield from _all_keys(below, f"{prefix}{name}.")


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of a section; a field that takes the value of another key is none."""
    return {name: field for name, field in section.model_fields.items() if field.validation_alias is None}


def _section_at(field: FieldInfo) -> type[BaseModel] | None:
    """The section below a key, also of a list of sections; None for a value."""
    of_items = [kind for kind in get_args(field.annotation) if kind is not Ellipsis]
    kind = of_items[0] if get_origin(field.annotation) is tuple else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
