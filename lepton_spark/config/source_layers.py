"""Layers of a configuration in which `input` is a list of sources."""

from collections.abc import Sequence
from typing import Any

from lepton_spark.config.layers import Replacement, Tree
from lepton_spark.errors import Fault

Layers = Sequence[tuple[str, Tree]]


def lists_sources(layers: Layers) -> bool:
    """Whether `input` is a list in the last layer that replaces all of it."""
    wholes = [tree["input"] for _, tree in layers if isinstance(tree.get("input"), list | Replacement)]
    return bool(wholes) and isinstance(wholes[-1], list)


def by_source(layers: Layers, faults: list[Fault]) -> Layers:
    """The layers with `input` as a mapping of the sources of the last list by number: "0", "1", ...

    Settings directly below `input` in other layers are those of every source. Adds settings of sources that
    are not in the list to `faults`.
    """
    *_, last = (position for position, (_, tree) in enumerate(layers) if isinstance(tree.get("input"), list))
    names = [str(number) for number in range(len(layers[last][1]["input"]))]
    return [
        (source, {key: value for key, value in tree.items() if key != "input"} | numbered)
        for position, (source, tree) in enumerate(layers)
        for numbered in [_numbered(tree.get("input"), names, source, faults, is_last=position == last)]
    ]


def as_list(sources: Tree) -> list[Any]:
    """The sources of a mapping by number, in order."""
    return [sources[name] for name in sorted(sources, key=int)]


def _numbered(
    given: object, names: Sequence[str], source: str, faults: list[Fault], *, is_last: bool
) -> Tree:
    """What a layer sets for each source, as its `input`; a list before the last one sets nothing."""
    if isinstance(given, list):
        return {"input": dict(zip(names, given, strict=True))} if is_last else {}
    if not isinstance(given, dict):
        return {}
    of_one = {key: value for key, value in given.items() if str(key).isdigit()}
    for key in of_one.keys() - names:
        allowed = f"one of {', '.join(f'input.{name}' for name in names)}, the sources of the list"
        faults.append(Fault(source, f"input.{key}", "no such source", allowed))
    known = {name: value for name, value in of_one.items() if name in names}
    of_all = type(given)((key, value) for key, value in given.items() if key not in of_one)
    return {"input": known or dict.fromkeys(names, of_all)}
