"""The migrate job: changes tables of an earlier schema version to the present one."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import functions as F

from lepton_spark.errors import InputError, LeaseError, explain
from lepton_spark.language import Message
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.maintenance.line_identities import renew_identities
from lepton_spark.pipelines.runs.holder import Holder
from lepton_spark.tables import TABLES, Warehouse
from lepton_spark.tables.delta.migration import MANIFEST, SCHEMA_VERSION

_LEASE = "lease"
"""The job of the row of `runs` by which jobs held the lease until schema version 9."""


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
    remedy = Message("Run `lepton migrate` once.")
    if found > SCHEMA_VERSION:
        remedy = Message("Install the newer lepton_spark that wrote them.")
    raise InputError(
        explain(
            Message("tables of the warehouse"),
            Message("schema version {found}", found=found),
            Message("version {version}", version=SCHEMA_VERSION),
            remedy,
        )
    )


def require_migratable(warehouse: Warehouse) -> None:
    """Raises InputError for tables of a newer schema version."""
    found = warehouse.schema_version()
    if found is not None and found > SCHEMA_VERSION:
        require_present_version(warehouse)


def run_migrate(context: JobContext) -> MigrateResult:
    """Changes every table to its present declaration; `runs` last, because it records the schema version.

    Safe to interrupt and run again.

    Raises: InputError for a table that cannot be changed in place; it is left unchanged. LeaseError while a
    job of an earlier version runs.
    """
    warehouse = context.warehouse
    _require_no_earlier_lease(context)
    found = warehouse.schema_version()
    done = {name: _migrate(context, name) for name in TABLES if name != MANIFEST and warehouse.exists(name)}
    with context.stage("renew line identities") as stage:
        renewed = renew_identities(warehouse)
        stage.note(", ".join(renewed) or "no change")
    for name in renewed:
        done[name] = (*done[name], "line identities renewed")
    if warehouse.exists(MANIFEST):
        warehouse.delete(MANIFEST, F.col("job") == F.lit(_LEASE))
        done[MANIFEST] = _migrate(context, MANIFEST)
    return MigrateResult(found, done)


def _require_no_earlier_lease(context: JobContext) -> None:
    """Raises LeaseError while a job of an earlier version runs, which holds its lease by a row of `runs`."""
    runs = context.warehouse.read(MANIFEST)
    if "holder" not in runs.columns:
        return
    for row in runs.where((F.col("job") == F.lit(_LEASE)) & F.col("holder").isNotNull()).collect():
        holder = Holder.parse(row["holder"])
        seen = context.warehouse.lease_folder().heartbeat(holder.token).seen()
        oldest = context.clock().timestamp() - context.config.warehouse.dead_after_seconds
        if seen is not None and seen >= oldest and not holder.has_exited:
            found = Message(
                "held by process {process} on {host}, which runs an earlier version",
                process=holder.process,
                host=holder.host,
            )
            remedy = Message(
                "Wait until it has ended; if it is dead, delete _lease/{token}.", token=holder.token
            )
            raise LeaseError(
                explain(Message("lease of the warehouse"), found, Message("no other job"), remedy)
            )


def _migrate(context: JobContext, name: str) -> tuple[str, ...]:
    with context.stage(f"migrate {name}") as stage:
        done = tuple(context.warehouse.migrate(name))
        stage.note(f"{len(done)} changes" if done else "no change")
    return done
