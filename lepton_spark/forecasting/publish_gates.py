"""Gates that a forecast run must pass before it is published."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.config import GateSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.gates import Gate
from lepton_spark.panel.dense import RECENT_DAYS
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from lepton_spark.tables.schemas.schema import SERIES_KEY

TOTAL_FORECAST, VALIDATION_ERROR = "total_forecast", "validation_error"

SLACK = 1.0
"""Units a day by which a catalogue's total may always differ: with hardly any sales, a ratio says little."""

_NUMBERS = ("forecast", *QUANTILE_LEVELS)


@dataclass(frozen=True)
class Furthest:
    """The series whose forecast differs most from its recent demand, both in units a day."""

    product_id: str
    location_id: str
    recent: float
    ahead: float


@dataclass(frozen=True)
class Evidence:
    """What the gates are evaluated on: counts and sums over a run's tables.

    n_series: series in `panel` by the cutoff. unknown_series: others with a model or forecasts.
    not_units: rows with a negative number, infinity or NaN. n_days_known: the most of any series.
    recent_demand: units a day over the last RECENT_DAYS known days, of the series that have so many.
    forecast_demand: units a day forecast for the same series. furthest: one of these series; None if there is
    none.
    error_ratio: RMSSE of the chosen models over seasonal naive's, on the validation days that both forecast;
    None without such days.
    """

    n_series: int
    without_model: int
    without_forecasts: int
    unknown_series: int
    nulls: int
    not_units: int
    n_days_known: int
    recent_demand: float
    forecast_demand: float
    error_ratio: float | None
    furthest: Furthest | None = None


@dataclass(frozen=True)
class RunTables:
    """The whole `panel`, and the rows of one run in the other tables."""

    panel: DataFrame
    models: DataFrame
    fits: DataFrame
    forecasts: DataFrame
    metrics_summary: DataFrame


def evaluate(evidence: Evidence, settings: GateSettings) -> tuple[Gate, ...]:
    """Every gate: passed, failed or not judged."""
    gates: tuple[Callable[[Evidence, GateSettings], Gate], ...] = (
        _all_products,
        _no_null,
        _no_negative,
        _total,
        _error,
    )
    return tuple(gate(evidence, settings) for gate in gates)


def _all_products(evidence: Evidence, _: GateSettings) -> Gate:
    found = (
        f"{evidence.n_series} series, {evidence.without_model} without exactly one model, "
        f"{evidence.without_forecasts} without all forecasts, {evidence.unknown_series} not in panel"
    )
    complete = evidence.without_model == evidence.without_forecasts == evidence.unknown_series == 0
    return Gate("all_products", complete and evidence.n_series > 0, found, "every series, each once")


def _no_null(evidence: Evidence, _: GateSettings) -> Gate:
    return Gate("no_null", evidence.nulls == 0, f"{evidence.nulls} rows with a null", "0 rows")


def _no_negative(evidence: Evidence, _: GateSettings) -> Gate:
    found = f"{evidence.not_units} rows with a negative number, infinity or NaN"
    return Gate("no_negative", evidence.not_units == 0, found, "0 rows")


def _total(evidence: Evidence, settings: GateSettings) -> Gate:
    factor = settings.max_total_factor
    allowed = f"{1 / factor:.3g} to {factor:.3g} times recent demand"
    if evidence.n_days_known < RECENT_DAYS:
        found = f"{evidence.n_days_known} known days, {RECENT_DAYS} are needed"
        return Gate(TOTAL_FORECAST, None, found, allowed)
    recent, ahead = evidence.recent_demand, evidence.forecast_demand
    within = recent / factor - SLACK <= ahead <= recent * factor + SLACK
    found = f"{ahead:.6g} units a day forecast, {recent:.6g} sold recently"
    if not within and evidence.furthest is not None:
        found = f"{found}; {_of_series(evidence.furthest)}"
    return Gate(TOTAL_FORECAST, within, found, allowed)


def _of_series(series: Furthest) -> str:
    name = f"product '{series.product_id}' at '{series.location_id}'"
    return f"of {name} {series.ahead:.6g} forecast, {series.recent:.6g} sold"


def _error(evidence: Evidence, settings: GateSettings) -> Gate:
    allowed = f"at most {settings.max_error_ratio:.6g} times the RMSSE of seasonal naive"
    if evidence.error_ratio is None:
        return Gate(VALIDATION_ERROR, None, "no validation observations", allowed)
    passed = evidence.error_ratio <= settings.max_error_ratio
    return Gate(VALIDATION_ERROR, passed, f"{evidence.error_ratio:.6g} times", allowed)


def collect_evidence(tables: RunTables, cutoff: date, horizon: int, period: int = 1) -> Evidence:
    """The evidence of a run with `horizon` steps of `period` days; collects a few rows."""
    series = _by_series(tables, cutoff)
    totals = _only(series.agg(*_totals(horizon, period)).collect()).asDict()
    furthest = totals.pop("furthest")
    return Evidence(
        **totals,
        error_ratio=_validation_error(tables.metrics_summary),
        furthest=None if furthest is None else Furthest(**furthest.asDict()),
    )


def _by_series(tables: RunTables, cutoff: date) -> DataFrame:
    """One row per series of any of the tables: what each holds of it, null where it holds nothing.

    The rows of all tables are grouped at once, which moves each series once instead of once a table.
    """
    null = reduce(add, map(F.col, _NUMBERS)).isNull()
    not_units = (F.least(*_NUMBERS) < 0) | (F.greatest(*_NUMBERS) >= float("inf"))  # NaN is the greatest
    rows = [
        tables.panel.where(F.col("first_date") <= F.lit(cutoff)).select(
            *SERIES_KEY, F.lit(True).alias("known")
        ),
        tables.models.select(*SERIES_KEY, F.lit(1).alias("models")),
        tables.fits.select(*SERIES_KEY, "n_days_known", "recent_quantity"),
        tables.forecasts.select(
            *SERIES_KEY,
            F.lit(1).alias("days"),
            _step_hash("step").alias("steps"),
            null.cast("int").alias("nulls"),
            F.coalesce(not_units, F.lit(False)).cast("int").alias("not_units"),
            F.col("forecast").alias("total"),
        ),
    ]
    together = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), rows)
    sums = (F.sum(name).alias(name) for name in ("models", "days", "steps", "nulls", "not_units", "total"))
    facts = (F.max(name).alias(name) for name in ("known", "n_days_known", "recent_quantity"))
    return together.groupBy(*SERIES_KEY).agg(*facts, *sums)


def _step_hash(step: str | Column) -> Column:
    """A hash whose sum tells sets of steps apart; counting distinct steps would move every row."""
    return F.hash(step).cast("long")


def _totals(horizon: int, period: int) -> list[Column]:
    known = F.col("known").isNotNull()
    enough = F.col("n_days_known") >= RECENT_DAYS
    n_days = horizon * period
    every_step = F.aggregate(
        F.sequence(F.lit(1), F.lit(horizon)),
        F.lit(0).cast("long"),
        lambda sum_, step: sum_ + _step_hash(step),
    )
    complete = (F.col("days") == horizon) & (F.col("steps") == every_step)

    def total(value: str | Column, empty: float = 0) -> Column:
        return F.coalesce(F.sum(value), F.lit(empty))

    recent, ahead = F.col("recent_quantity") / RECENT_DAYS, F.col("total") / n_days
    one = F.struct(*SERIES_KEY, recent.alias("recent"), ahead.alias("ahead"))
    difference = F.when(enough, F.struct(F.abs(ahead - recent), *SERIES_KEY))  # the key decides a tie

    return [
        F.count_if(known).alias("n_series"),
        F.count_if(known & (F.coalesce("models", F.lit(0)) != 1)).alias("without_model"),
        F.count_if(known & ~F.coalesce(complete, F.lit(False))).alias("without_forecasts"),
        F.count_if(~known & F.coalesce("models", "days").isNotNull()).alias("unknown_series"),
        total("nulls").alias("nulls"),
        total("not_units").alias("not_units"),
        F.coalesce(F.max("n_days_known"), F.lit(0)).alias("n_days_known"),
        total(F.when(enough, recent), 0.0).alias("recent_demand"),
        total(F.when(enough, ahead), 0.0).alias("forecast_demand"),
        F.max_by(one, difference).alias("furthest"),
    ]


def _validation_error(summary: DataFrame) -> float | None:
    overall = (F.col("segment") == "all") & (F.col("split") == "validation") & (F.col("model") == "chosen")
    row = summary.where(overall).select("value_added").first()
    return None if row is None or row["value_added"] is None else 1.0 - row["value_added"]


def _only(rows: list[Row]) -> Row:
    if len(rows) != 1:
        raise InputError(explain("gates", f"{len(rows)} rows of totals", "1", "Run the job again."))
    return rows[0]
