"""The result of one quality gate."""

from dataclasses import dataclass

FRESHNESS = "sales_freshness"
"""The gate on the age of the newest complete day of sales; it is reported and withholds nothing."""


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

    @property
    def withholds(self) -> bool:
        """Whether the gate failed and stops what it guards."""
        return self.failed and self.name != FRESHNESS
