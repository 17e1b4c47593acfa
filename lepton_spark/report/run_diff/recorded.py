"""The recorded facts of a forecast run, found by the beginning of its id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from lepton_spark.config.show import flattened
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.language import Message
from lepton_spark.tables import Warehouse

_CHOSEN_BY_RUN = ("forecast.cutoff",)
"""Settings that differ between runs without a change of the configuration."""


@dataclass(frozen=True)
class Recorded:
    """A complete forecast run. config: its settings by dotted key, secrets masked."""

    run_id: str
    cutoff: date
    code_version: str
    config: Mapping[str, object]


def recorded_run(warehouse: Warehouse, start: str) -> Recorded:
    """The complete forecast run whose id begins so. Raises: InputError if there is none, or more than one."""
    is_forecast = F.col("job").isin("forecast", "challenger") & (F.col("state") == F.lit("complete"))
    rows = warehouse.read("runs").where(is_forecast & F.col("run_id").startswith(F.lit(start)))
    found = rows.select("run_id", "cutoff", "code_version", "config").limit(3).collect()
    if len(found) != 1:
        what = Message("none")
        if found:
            what = Message("several: {examples}", examples=examples([row["run_id"] for row in found]))
        remedy = Message("`lepton models --product ID` lists the runs of a product.")
        subject, allowed = Message("run '{run}'", run=start), Message("the id of a complete forecast run")
        raise InputError(explain(subject, what, allowed, remedy))
    row = found[0]
    config = dict(flattened(json.loads(row["config"] or "{}")))
    return Recorded(row["run_id"], row["cutoff"], row["code_version"] or "", config)


def changed_settings(before: Recorded, after: Recorded) -> list[tuple[str, object, object]]:
    """Dotted key, value before and value after of each setting that differs; None where a run had none."""
    keys = sorted({*before.config, *after.config} - {*_CHOSEN_BY_RUN})
    pairs = ((key, before.config.get(key), after.config.get(key)) for key in keys)
    return [(key, old, new) for key, old, new in pairs if old != new]
