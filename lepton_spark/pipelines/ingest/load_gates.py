"""What a load must pass before a line of it is written: as much as loads of late, within a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from pyspark.sql import functions as F

from lepton_spark.config import GateSettings
from lepton_spark.errors import GatesError, explain
from lepton_spark.pipelines.runs.run_log import Gate
from lepton_spark.tables import Warehouse

RECENT_LOADS = 8
LEAST_LOADS = 3
"""Fewer loads before say too little of what is usual."""

DAYS = "days"
"""The count of a load that says how many days its lines are of."""


@dataclass(frozen=True)
class LoadVolume:
    """How much a load holds: lines as delivered, products, days."""

    lines: int
    products: int
    days: int

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """Out of the counts of a load."""
        return cls(counts.get("lines_read", 0), counts.get("product_codes_folded", 0), counts.get(DAYS, 0))


def recent_volumes(warehouse: Warehouse) -> list[LoadVolume]:
    """Of the last complete loads that had lines, the latest first."""
    complete = (F.col("job") == F.lit("ingest")) & (F.col("state") == F.lit("complete"))
    newest = warehouse.read("runs").where(complete).orderBy(F.col("load_number").desc()).limit(RECENT_LOADS)
    volumes = [LoadVolume.of(row["counts"] or {}) for row in newest.select("counts").collect()]
    return [volume for volume in volumes if volume.lines and volume.days]


def judge_load(volume: LoadVolume, recent: Sequence[LoadVolume], settings: GateSettings) -> tuple[Gate, ...]:
    """Lines a day, products and days, each against the median of recent loads."""
    factor = settings.max_load_factor
    measures = {
        "load_lines": ([_per_day(one) for one in recent], _per_day(volume), "lines a day"),
        "load_products": ([float(one.products) for one in recent], float(volume.products), "products"),
        "load_days": ([float(one.days) for one in recent], float(volume.days), "days"),
    }
    return tuple(_gate(name, *measure, factor) for name, measure in measures.items())


def _per_day(volume: LoadVolume) -> float:
    return volume.lines / max(volume.days, 1)


def _gate(name: str, recent: list[float], found: float, unit: str, factor: float) -> Gate:
    if len(recent) < LEAST_LOADS:
        return Gate(name, True, f"not judged: {found:.6g} {unit}", f"after {LEAST_LOADS} loads")
    usual = median(recent)
    low, high = usual / factor, usual * factor
    return Gate(
        name, low <= found <= high, f"{found:.6g} {unit}", f"{low:.3g} to {high:.3g}; usual is {usual:.6g}"
    )


def require(gates: Sequence[Gate], settings: GateSettings) -> None:
    """Raises GatesError when a gate was not passed and gates of loads are enabled."""
    failed = [gate for gate in gates if not gate.passed]
    if not failed or not settings.load_enabled:
        return
    found = "; ".join(f"{gate.name}: {gate.found}" for gate in failed)
    allowed = "; ".join(f"{gate.name}: {gate.allowed}" for gate in failed)
    remedy = "Nothing was loaded. Look at the delivery; if it is right, add --set gates.load_enabled=false."
    raise GatesError(explain("volume of this load", found, allowed, remedy))
