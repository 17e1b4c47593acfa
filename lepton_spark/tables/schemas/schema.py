"""Types that declare a table: columns with types and comments, key, partitions, constraints."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One column: `type` is an SQL type; `expression`, if given, computes the value from the row on write."""

    name: str
    type: str
    comment: str
    nullable: bool = True
    expression: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: `key` is unique; `checks` are SQL conditions by constraint name, which null results fail."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


PRODUCT_ID = Column("product_id", "STRING", "product code, trimmed and folded as input.product_case", False)
LOCATION_ID = Column("location_id", "STRING", "the location; 'all' when the data has none", False)
SERIES = (PRODUCT_ID, LOCATION_ID)
SERIES_KEY = ("product_id", "location_id")

INGEST_BATCH = Column(
    "ingest_batch", "STRING", "the load: hash of its files and of the rules applied to them", False
)
RUN_ID = Column("run_id", "STRING", "the run: hash of job, cutoff, configuration, code and input", False)
