"""Reads the covariates of a run from the warehouse."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.panel.covariates import NAMES, Covariates, known_rows
from lepton_spark.tables import Warehouse


def read_known_covariates(warehouse: Warehouse, config: Config, cutoff: date) -> Covariates:
    """The rows of every configured covariate that were known by the cutoff.

    Raises: InputError for a covariate that was never loaded, or for plans with other measures than
    configured.
    """
    found = {}
    for name in NAMES:
        if getattr(config, name).path is None:
            continue
        if not warehouse.exists(name):
            allowed, remedy = f"the rows of {name}.path", "Run `lepton ingest` first."
            raise InputError(explain(f"table {name}", "none", allowed, remedy))
        found[name] = known_rows(name, warehouse.read(name), cutoff)
    if "plans" in found:
        _require_measures(found["plans"], config.plans.n_measures)
    return Covariates(found)


def _require_measures(plans: DataFrame, n_measures: int) -> None:
    if not plans.where(F.size("measures") != F.lit(n_measures)).isEmpty():
        allowed = f"{n_measures} measures, as in plans.columns.measures"
        found = "rows with another number of measures"
        raise InputError(explain("table plans", found, allowed, "Run `lepton ingest` again."))
