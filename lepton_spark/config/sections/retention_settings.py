"""The section `retention`: what `lepton maintain` keeps."""

from typing import Annotated, Literal

from pydantic import Field

from lepton_spark.config.sections.section import Section

RunTable = Literal[
    "pools",
    "pooled_trees",
    "candidates",
    "fits",
    "forecasts",
    "metrics",
    "metrics_summary",
    "models",
    "adjustments",
    "group_forecasts",
    "explanations",
    "inventory",
]


STAGED_TABLES = ("pools", "pooled_trees", "candidates", "fits")
BRIEF_TABLES = (*STAGED_TABLES, "explanations")
BRIEF_RUNS = 2
"""Runs whose rows of large tables are kept by default: the latest, and the one that a rollback goes to."""


class RetentionSettings(Section):
    """What `lepton maintain` keeps; rows of the published run are never deleted."""

    runs: int = Field(30, ge=2, description="complete forecast runs whose rows are kept")
    tables: dict[RunTable, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description=f"other numbers of runs for single tables; {BRIEF_RUNS} for the large tables "
        f"{', '.join(BRIEF_TABLES)} unless set here",
    )
    time_travel_days: int = Field(
        30, ge=7, le=3650, description="days for which earlier versions of a table can be read"
    )

    def runs_of(self, table: str) -> int:
        """The number of runs whose rows of a table are kept."""
        default = BRIEF_RUNS if table in BRIEF_TABLES else self.runs
        return next((kept for name, kept in self.tables.items() if name == table), default)
