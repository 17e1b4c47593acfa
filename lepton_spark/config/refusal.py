"""How a rule that looks at several keys refuses each of them under its own name, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


@dataclass(frozen=True)
class Refusal:
    """A value that is refused: where it stands below the checked key, what was found, what is allowed."""

    place: tuple[str | int, ...]
    found: object
    allowed: str


def refuse(refusals: Iterable[Refusal]) -> None:
    """Raises them together, as pydantic tells its own.

    Raises: ValidationError when there is one.
    """
    details = [
        InitErrorDetails(
            type=PydanticCustomError("refused", "{allowed}", {"allowed": refusal.allowed}),
            loc=refusal.place,
            input=refusal.found,
        )
        for refusal in refusals
    ]
    if details:
        raise ValidationError.from_exception_data("configuration", details)
