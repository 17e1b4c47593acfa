"""A proposal as a commented YAML file."""

import json
import re
from collections.abc import Iterator, Mapping

import yaml

from lepton_spark.detection.proposal import Choice, Proposal

_WIDTH = 28
"""Characters of a setting before its comment."""

_HEADER = """\
# Written by `lepton init`; it reads {path}.
# Check the settings, then run:  lepton run --conf {name}
# Keys that are left out have defaults: `lepton config --conf {name}` shows all values and their sources.
"""

_REST = """\
  # timezone: Europe/Berlin     # {timezone}
  # product_pattern: "[0-9]+"   # other codes are rejected, such as those of postage or vouchers

forecast:
{forecast}
  # holidays: US                # your country, or a part of it (DE-BY)

# inventory:                    # orders; off without a lead time
#   lead_time: 7                # days from order to delivery
#   review_period: 7            # days between orders
"""


def as_yaml(proposal: Proposal, path: str, root: str, name: str) -> str:
    """The configuration as text. path: of the input. root: where tables go. name: of the file itself."""
    timezone = proposal.reasons.get("timezone", "the time zone of your business days")
    lines = [
        _HEADER.format(path=path, name=name),
        "warehouse:",
        f"  root: {_scalar(root)}",
        "",
        "input:",
        f"  path: {_scalar(path)}",
        "  columns:",
        *(_line(4, role, _scalar(name), None) for role, name in proposal.columns.items()),
        *_settings(proposal),
        _REST.format(timezone=timezone, forecast="\n".join(_forecast(proposal))),
    ]
    return "\n".join(lines)


def _settings(proposal: Proposal) -> Iterator[str]:
    for key, value in proposal.settings.items():
        yield _line(2, key, _flow(value), proposal.reasons.get(key))
        for choice in proposal.choices:
            if choice.key == key:
                yield from _other_values(choice, proposal.settings)


def _other_values(choice: Choice, settings: Mapping[str, object]) -> Iterator[str]:
    """The values that fit as well, commented out."""
    for value, words in zip(choice.values, choice.words, strict=True):
        if not choice.is_chosen(value, settings):
            pairs = value.items() if isinstance(value, Mapping) else [(choice.key, value)]
            for key, other in pairs:
                yield _line(2, f"# {key}", _flow(other), f"fits as well: {words}")


def _forecast(proposal: Proposal) -> Iterator[str]:
    for key, value in proposal.forecast.items():
        yield _line(2, key, _flow(value), proposal.reasons.get(f"forecast.{key}"))


def _line(indent: int, key: str, value: str, reason: str | None) -> str:
    text = f"{' ' * indent}{key}: {value}"
    return text if reason is None else f"{text:<{_WIDTH}}  # {reason}"


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    """A text without special meaning in YAML as it is, any other one in quotes.

    >>> _scalar("Menge"), _scalar("yes"), _scalar("a: b"), _scalar(";"), _scalar(28)
    ('Menge', '"yes"', '"a: b"', '";"', '28')
    """
    if value is None:
        return "null"
    text = str(value)
    if not isinstance(value, str) or _is_plain(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether YAML takes a text without quotes for this text, also inside brackets."""
    is_word = re.fullmatch(r"[^\W\d_/][\w ./'-]*(?<! )|/[\w./-]+", text) is not None
    return is_word and yaml.safe_load(text) == text
