"""Reads the covariates of a run from the warehouse."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.panel.covariates import NAMES, Covariates, known_rows
from lepton_spark.tables import Warehouse


def read_known_covariates(warehouse: Warehouse, config: Config, cutoff: date) -> Covariates:
    """The rows of every configured covariate that were known by the cutoff.

    Raises: InputError for a covariate that was never loaded, or for plans with other measures than
    configured.
    """
    found = {}
    for name in NAMES:
        rows = _loaded(warehouse, config, name)
        if rows is not None:
            found[name] = known_rows(name, rows, cutoff)
    if "plans" in found:
        _require_measures(found["plans"], config.plans.n_measures)
    return Covariates(found)


def read_known_calendar(warehouse: Warehouse, config: Config, cutoff: date) -> list[CalendarRow]:
    """The rows of the calendar that were known by the cutoff, sorted; collected, because there are few.

    Raises: InputError for a calendar that was never loaded.
    """
    rows = _loaded(warehouse, config, "calendar")
    if rows is None:
        return []
    days = (F.unix_date(name).alias(name) for name in ("date", "known_at"))
    others = ("status", "event", "days_before", "days_after")
    known = rows.where(F.col("known_at") <= F.lit(cutoff)).select("location_id", *days, *others)
    found = (CalendarRow(*row) for row in known.collect())
    return sorted(found, key=lambda row: (row.event, row.location_id, row.day, row.known_day))


def _loaded(warehouse: Warehouse, config: Config, name: str) -> DataFrame | None:
    """The table of a configured input; None where it is not configured."""
    if getattr(config, name).path is None:
        return None
    if not warehouse.exists(name):
        allowed, remedy = f"the rows of {name}.path", "Run `lepton ingest` first."
        raise InputError(explain(f"table {name}", "none", allowed, remedy))
    return warehouse.read(name)


def _require_measures(plans: DataFrame, n_measures: int) -> None:
    if not plans.where(F.size("measures") != F.lit(n_measures)).isEmpty():
        allowed = f"{n_measures} measures, as in plans.columns.measures"
        found = "rows with another number of measures"
        raise InputError(explain("table plans", found, allowed, "Run `lepton ingest` again."))
