"""Reports several invalid settings found by one validator, each under its own key."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


@dataclass(frozen=True)
class InvalidSetting:
    """One invalid value: its location below the validated key, the value found, and what is allowed."""

    location: tuple[str | int, ...]
    found: object
    allowed: str


def raise_if_any(invalid: Iterable[InvalidSetting]) -> None:
    """Raises one ValidationError that lists all of them, as pydantic does for its own checks.

    Raises: ValidationError unless there are none.
    """
    details = [
        InitErrorDetails(
            type=PydanticCustomError("invalid_setting", "{allowed}", {"allowed": setting.allowed}),
            loc=setting.location,
            input=setting.found,
        )
        for setting in invalid
    ]
    if details:
        raise ValidationError.from_exception_data("configuration", details)
