"""Refuses a changed privacy key: returns would not be matched with the customers of earlier orders."""

from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import ConfigError, Fault, examples
from lepton_spark.ingest.lines.identity import key_check
from lepton_spark.pipelines.context import JobContext

ALLOWED = "the key of the earlier loads. Set that key again, or load into a new warehouse (warehouse.root)"


def check_value(config: Config, key: bytes | None) -> str | None:
    """The key's check value; None when customers are not mapped, so that nothing depends on the key."""
    return key_check(key) if config.has_customers else None


def require_same_key(context: JobContext) -> None:
    """Raises ConfigError when the privacy key differs from that of earlier loads; writes nothing."""
    warehouse = context.warehouse
    present = check_value(context.config, context.privacy_key)
    if present is None or not warehouse.exists("files"):
        return
    files = warehouse.read("files").where(F.col("key_check") != F.lit(present))
    if files.isEmpty():
        return
    batches = warehouse.read("runs").where(F.col("state") == "complete").select("ingest_batch")
    others = files.join(batches, "ingest_batch", "left_semi").select("key_check").distinct()
    known = sorted(row["key_check"] for row in others.collect())
    if known:
        found = (
            f"{_key_text(present)}, but earlier lines were loaded with {examples([*map(_key_text, known)])}"
        )
        raise ConfigError([Fault("environment", "LEPTON_PRIVACY_KEY", found, ALLOWED)])


def _key_text(check: str) -> str:
    return "no key" if check == "none" else f"a key with check value {check}"
