"""Gates on the volume of a load, evaluated before any of its lines is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from lepton_spark.config import GateSettings
from lepton_spark.errors import GatesError, explain
from lepton_spark.gates import Gate

RECENT_LOADS = 8
"""How many earlier loads a load is compared with."""

MIN_LOADS = 3
"""With fewer earlier loads the gates are not judged."""

DAYS = "days"
"""Count of a load in `runs`: the number of days that its lines cover."""


@dataclass(frozen=True)
class LoadVolume:
    """The size of a load: lines as delivered, products, days."""

    lines: int
    products: int
    days: int

    @classmethod
    def from_counts(cls, counts: Mapping[str, int]) -> Self:
        """The volume of a load by its counts in `runs`."""
        return cls(counts.get("lines_read", 0), counts.get("product_codes_folded", 0), counts.get(DAYS, 0))


def recent_volumes(counts: Sequence[Mapping[str, int]]) -> list[LoadVolume]:
    """Volumes of the loads that had lines; counts: those of the last loads in `runs`."""
    volumes = [LoadVolume.from_counts(of_load) for of_load in counts]
    return [volume for volume in volumes if volume.lines and volume.days]


def evaluate_load(
    volume: LoadVolume, recent: Sequence[LoadVolume], settings: GateSettings
) -> tuple[Gate, ...]:
    """Compares lines a day, products and days with the medians of recent loads."""
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
    if len(recent) < MIN_LOADS:
        return Gate(name, None, f"{found:.6g} {unit}", f"judged after {MIN_LOADS} loads")
    usual = median(recent)
    low, high = usual / factor, usual * factor
    allowed = f"{low:.3g} to {high:.3g}; the median of recent loads is {usual:.6g}"
    return Gate(name, low <= found <= high, f"{found:.6g} {unit}", allowed)


def require_passed(gates: Sequence[Gate], settings: GateSettings) -> None:
    """Raises GatesError when a gate has failed, unless `gates.load_enabled` is false."""
    failed = [gate for gate in gates if gate.failed]
    if not failed or not settings.load_enabled:
        return
    found = "; ".join(f"{gate.name}: {gate.found}" for gate in failed)
    allowed = "; ".join(f"{gate.name}: {gate.allowed}" for gate in failed)
    remedy = "Nothing was loaded. Check the delivery; if it is right, add --set gates.load_enabled=false."
    raise GatesError(explain("volume of this load", found, allowed, remedy))
