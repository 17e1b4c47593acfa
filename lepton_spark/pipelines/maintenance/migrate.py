"""The migrate job: changes tables of an earlier schema version to the present one."""

from collections.abc import Mapping
from dataclasses import dataclass

from lepton_spark.errors import InputError, explain
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.maintenance.line_identities import renew_identities
from lepton_spark.tables import TABLES, Warehouse
from lepton_spark.tables.delta.migration import MANIFEST, SCHEMA_VERSION


@dataclass(frozen=True)
class MigrateResult:
    """found: the schema version before, None for an empty warehouse; done: the changes by table."""

    found: int | None
    done: Mapping[str, tuple[str, ...]]


def require_present_version(warehouse: Warehouse) -> None:
    """Raises InputError for tables of another schema version, before anything is read or written."""
    found = warehouse.schema_version()
    if found is None or found == SCHEMA_VERSION:
        return
    remedy = "Run `lepton migrate` once."
    if found > SCHEMA_VERSION:
        remedy = "Install the newer lepton_spark that wrote them."
    raise InputError(
        explain("tables of the warehouse", f"schema version {found}", f"version {SCHEMA_VERSION}", remedy)
    )


def prepare_lease(warehouse: Warehouse) -> None:
    """Adds to `runs` the columns that the lease needs, so that no other job writes during a migration.

    Raises: InputError for tables of a newer schema version.
    """
    found = warehouse.schema_version()
    if found is not None and found > SCHEMA_VERSION:
        require_present_version(warehouse)
    warehouse.add_columns(MANIFEST)


def run_migrate(context: JobContext) -> MigrateResult:
    """Changes every table to its present declaration; `runs` last, because it records the schema version.

    Safe to interrupt and run again.

    Raises: InputError for a table that cannot be changed in place; it is left unchanged.
    """
    warehouse = context.warehouse
    found = warehouse.schema_version()
    done = {name: _migrate(context, name) for name in TABLES if name != MANIFEST and warehouse.exists(name)}
    with context.stage("renew line identities") as stage:
        renewed = renew_identities(warehouse)
        stage.note(", ".join(renewed) or "no change")
    for name in renewed:
        done[name] = (*done[name], "line identities renewed")
    if warehouse.exists(MANIFEST):
        done[MANIFEST] = _migrate(context, MANIFEST)
    return MigrateResult(found, done)


def _migrate(context: JobContext, name: str) -> tuple[str, ...]:
    with context.stage(f"migrate {name}") as stage:
        done = tuple(context.warehouse.migrate(name))
        stage.note(f"{len(done)} changes" if done else "no change")
    return done
