"""The privacy key is part of what a line is known by: another key would count overlapping lines twice."""

from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.errors import ConfigError, Fault, examples
from lepton_spark.ingest.files.layout import personal_columns
from lepton_spark.ingest.lines.identity import key_check
from lepton_spark.tables import Warehouse

ALLOWED = "the key that earlier loads had. Set it as it was, or load into a new warehouse (warehouse.root)"


def check_of(settings: InputSettings, key: bytes | None) -> str | None:
    """The key's check value; null where no column speaks of persons, so that no hash depends on the key."""
    return key_check(key) if personal_columns(settings) else None


def require_same_key(warehouse: Warehouse, settings: InputSettings, key: bytes | None) -> None:
    """Refuses a key that is not the one under which the lines on record are known.

    Raises: ConfigError, before anything is written.
    """
    present = check_of(settings, key)
    if present is None or not warehouse.exists("files"):
        return
    complete = F.col("state") == "complete"
    batches = warehouse.read("runs").where(complete).select("ingest_batch")
    others = (
        warehouse.read("files")
        .where(F.col("key_check") != F.lit(present))
        .join(batches, "ingest_batch", "left_semi")
        .select("key_check")
        .distinct()
    )
    known = sorted(row["key_check"] for row in others.collect())
    if known:
        found = f"{_named(present)}, but lines on record are known by {examples([*map(_named, known)])}"
        raise ConfigError([Fault("environment", "LEPTON_PRIVACY_KEY", found, ALLOWED)])


def _named(check: str) -> str:
    return "no key" if check == "none" else f"a key of check value {check}"
