"""What inputs beside sales tell a run: rows known by its cutoff, as lists by series, and categories."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.panel.dense import DELISTED, PLAN, PRIOR, STOCK_OUTS
from lepton_spark.pipelines.ingest.covariates import fingerprint
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.covariate_tables import EVERYWHERE
from lepton_spark.tables.schemas.schema import SERIES_KEY

NAMES = ("plans", "products", "stock", "priors")


@dataclass(frozen=True)
class SideRows:
    """Rows of the configured inputs that count for a run, by the input's name."""

    rows: Mapping[str, DataFrame] = field(default_factory=dict)

    def fingerprints(self) -> list[str]:
        """What they say, one text an input."""
        return [f"{name}:{fingerprint(rows)}" for name, rows in self.rows.items()]

    def by_series(self, series: DataFrame) -> DataFrame | None:
        """A row a series and kind of list, the others null; None where nothing is configured.

        series: with the key of each, any number of rows. A row for every place is for each of its product.
        """
        keys = series.select(*SERIES_KEY).distinct()
        made = [_LISTS[name](rows, keys) for name, rows in self.rows.items()]
        if not made:
            return None
        return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), made)

    def categories(self, series: DataFrame) -> DataFrame | None:
        """`category` of each of the series that has one; None without such an input."""
        products = self.rows.get("products")
        if products is None:
            return None
        keys = series.select(*SERIES_KEY).distinct()
        return _nearest(products, keys, F.col("category"), "category")


def known_side_rows(warehouse: Warehouse, config: Config, cutoff: date) -> SideRows:
    """What was known by a cutoff; of stock the days up to it.

    Raises: InputError for an input never loaded, or plans of other measures than the configuration.
    """
    found = {}
    for name in NAMES:
        if getattr(config, name).path is None:
            continue
        if not warehouse.exists(name):
            found_words, remedy = f"what {name}.path holds", "Run `lepton ingest` first."
            raise InputError(explain(f"table {name}", "none", found_words, remedy))
        dated = "date" if name == "stock" else "known_at"
        found[name] = _COUNTING[name](warehouse.read(name).where(F.col(dated) <= F.lit(cutoff)), cutoff)
    if "plans" in found:
        _require_measures(found["plans"], config.plans.n_measures)
    return SideRows(found)


def _require_measures(plans: DataFrame, n_measures: int) -> None:
    if not plans.where(F.size("measures") != F.lit(n_measures)).isEmpty():
        allowed = f"{n_measures} measures, as plans.columns.measures"
        raise InputError(explain("table plans", "rows of others", allowed, "Run `lepton ingest` again."))


def _known_last(rows: DataFrame, *further: str) -> DataFrame:
    """Of each product and place the row that was known last; of several the first by further columns."""
    newest = Window.partitionBy(*SERIES_KEY).orderBy(F.col("known_at").desc(), *further)
    return rows.withColumn("place", F.row_number().over(newest)).where(F.col("place") == 1).drop("place")


def _counting_priors(rows: DataFrame, cutoff: date) -> DataFrame:
    """Those not ended; of several for a place the one known last, of those the one that ends first."""
    return _known_last(rows.where(F.col("end_date") > F.lit(cutoff)), "end_date")


_COUNTING = {
    "plans": lambda rows, _: rows,
    "products": lambda rows, _: _known_last(rows),
    "stock": lambda rows, _: rows.where("out_of_stock"),
    "priors": _counting_priors,
}


def _at_series(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """A row for each series that a row is for; `own`: whether it names the place."""
    at = rows.withColumnRenamed("location_id", "said_at")
    here = F.col("said_at").isin(EVERYWHERE) | (F.col("said_at") == F.col("location_id"))
    joined = keys.join(at, "product_id").where(here)
    return joined.withColumn("own", F.col("said_at") != F.lit(EVERYWHERE))


def _nearest(rows: DataFrame, keys: DataFrame, said: Column, name: str) -> DataFrame:
    """What is said of each series: for its own place before for every place."""
    nearest = F.max_by(said, F.col("own").cast("int")).alias(name)
    return _at_series(rows, keys).groupBy(*SERIES_KEY).agg(nearest)


def _plans(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`plan`: first, last, known day and measures of each, one after another."""
    days = (_number(F.unix_date(name)) for name in ("start_date", "end_date", "known_at"))
    facts = F.concat(F.array(*days), "measures")
    joined = _at_series(rows, keys).select(*SERIES_KEY, facts.alias("facts"))
    by_series = joined.groupBy(*SERIES_KEY).agg(F.sort_array(F.collect_list("facts")).alias("lists"))
    return by_series.select(*SERIES_KEY, F.flatten("lists").alias(PLAN))


def _stock_outs(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`stock_outs`: the days."""
    days = F.sort_array(F.collect_set(_number(F.unix_date("date"))))
    return _at_series(rows, keys).groupBy(*SERIES_KEY).agg(days.alias(STOCK_OUTS))


def _priors(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`prior`: level, weight, last day; one for the place itself counts before one for every place."""
    return _nearest(rows, keys, F.array("level", "weight", _number(F.unix_date("end_date"))), PRIOR)


def _delisted(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """`delisted`: the first day without sale."""
    first = _nearest(rows, keys, F.array(_number(F.unix_date("delisted_on"))), DELISTED)
    return first.where(F.element_at(DELISTED, 1).isNotNull())


def _number(days: Column) -> Column:
    return days.cast("double")


_LISTS = {"plans": _plans, "products": _delisted, "stock": _stock_outs, "priors": _priors}
