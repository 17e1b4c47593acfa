"""Warehouses of earlier versions: told from the present ones, and moved on to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lepton_spark.errors import InputError, explain
from lepton_spark.pipelines.context import Progress
from lepton_spark.tables import TABLES, Warehouse
from lepton_spark.tables.delta.migration import MANIFEST, SCHEMA_VERSION


@dataclass(frozen=True)
class MigrateResult:
    """The version that was found, None for an empty warehouse; by table, what was done."""

    found: int | None
    done: Mapping[str, tuple[str, ...]]


def require_present_version(warehouse: Warehouse) -> None:
    """Refuses tables of another version, before anything is read of them or written to them.

    Raises: InputError.
    """
    found = warehouse.schema_version()
    if found is None or found == SCHEMA_VERSION:
        return
    remedy = "Run `lepton migrate` once."
    if found > SCHEMA_VERSION:
        remedy = "A newer lepton_spark wrote them: install that one."
    raise InputError(
        explain("tables of the warehouse", f"schema version {found}", f"version {SCHEMA_VERSION}", remedy)
    )


def open_manifest(warehouse: Warehouse) -> None:
    """Gives `runs` the columns that the lease needs: nobody else writes while the rest is moved on."""
    found = warehouse.schema_version()
    if found is not None and found > SCHEMA_VERSION:
        require_present_version(warehouse)
    warehouse.add_columns(MANIFEST)


def migrate(warehouse: Warehouse, progress: Progress) -> MigrateResult:
    """Moves every table on to its present declaration, `runs` last, which says so for all.

    Cut short and done again it goes on where it was.

    Raises: InputError for a table that cannot be moved on in place; it is left as it was.
    """
    found = warehouse.schema_version()
    done = {}
    for name in sorted(TABLES, key=lambda name: name == MANIFEST):
        if not warehouse.exists(name):
            continue
        with progress.stage(f"migrate {name}") as stage:
            done[name] = tuple(warehouse.migrate(name))
            stage.note(f"{len(done[name])} changes" if done[name] else "as declared")
    return MigrateResult(found, done)
