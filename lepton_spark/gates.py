"""The result of one quality gate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """One condition that a load or a run must meet: what was found and what is allowed, in words."""

    name: str
    passed: bool
    found: str
    allowed: str
