"""What a table is: columns with types and comments, key, partitioning, constraints."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One column: `type` as SQL writes it; `expression`, where given, is worked out of the row on write."""

    name: str
    type: str
    comment: str
    nullable: bool = True
    expression: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: its rows are unique by `key`; `checks` are SQL conditions by name, a null fails them."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names in their order."""
        return tuple(column.name for column in self.columns)


PRODUCT_ID = Column("product_id", "STRING", "the product: its code, trimmed and folded", False)
LOCATION_ID = Column("location_id", "STRING", "the place of sale; 'all' where the data has none", False)
SERIES = (PRODUCT_ID, LOCATION_ID)
SERIES_KEY = ("product_id", "location_id")

INGEST_BATCH = Column(
    "ingest_batch", "STRING", "the load: hash of its files and of the rules that read them", False
)
RUN_ID = Column("run_id", "STRING", "the run: a hash of job, cutoff, configuration, code and input", False)
