"""The result of one quality gate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """One condition that a load or a run must meet: what was found and what is allowed, in words.

    passed: None if there was too little to judge by.
    """

    name: str
    passed: bool | None
    found: str
    allowed: str

    @property
    def failed(self) -> bool:
        """Whether the condition was judged and is not met."""
        return self.passed is False
