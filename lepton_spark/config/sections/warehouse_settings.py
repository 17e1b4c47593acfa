"""The section `warehouse`: where the tables are stored."""

from typing import Annotated

from pydantic import AfterValidator, Field

from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name


def _without_backtick(root: str) -> str:
    """Delta names a table by its path in backticks, and cannot create one whose path contains a backtick."""
    if "`" in root:
        raise ValueError("a path without a backtick")
    return root


class WarehouseSettings(Section):
    """Where the tables are stored."""

    root: Annotated[Name, AfterValidator(_without_backtick)] = Field(
        "warehouse", description="folder or object-store path that holds all Delta tables"
    )
    dead_after_seconds: int = Field(
        300, ge=2, description="a job without a heartbeat for so long counts as dead; the next job takes over"
    )
