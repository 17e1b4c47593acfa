"""What the tables know of the published forecast of one product; a few rows are collected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Row
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.models.data.parts import GROUPS
from lepton_spark.report.locations import location_of
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS


@dataclass(frozen=True)
class Override:
    """What a planner has added to the model's forecast, in units; who and why: None when not given."""

    units: float
    who: str | None
    why: str | None


@dataclass(frozen=True)
class Day:
    """A day ahead, in units: the usual day, the parts by group, and quantiles by column name.

    forecast: the published one: the usual day, the parts and the override added up.
    """

    date: date
    step: int
    base: float
    parts: Mapping[str, float]
    forecast: float
    quantiles: Mapping[str, float]
    override: Override | None = None

    @property
    def model_forecast(self) -> float:
        """The forecast without the override."""
        return self.forecast if self.override is None else self.base + sum(self.parts.values())


@dataclass(frozen=True)
class WindowErrors:
    """Errors of a model on a window of the backtest, None where nothing was sold."""

    n_obs: int
    mae: float | None
    wape: float | None
    bias: float | None


@dataclass(frozen=True)
class Adjustment:
    """A day whose quantity was changed before fitting; after: None where it is unknown to the models."""

    date: date
    rule: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Choice:
    """The model of a series and how it was chosen: a row of `models`. reason: why the status is not ok."""

    model: str
    status: str
    reason: str | None
    demand_class: str
    runner_up: str | None
    margin: float | None
    choice_level: str | None


@dataclass(frozen=True)
class Explained(Choice):
    """A published forecast with everything that explains it.

    period: days of one forecast, 1 or 7. prior_level: a planner's level in units, None without one.
    errors, naive: on the test window, None where the product had none.
    """

    product_id: str
    location_id: str
    cutoff: date
    period: int
    days: tuple[Day, ...]
    prior_level: float | None
    errors: WindowErrors | None
    naive: WindowErrors | None
    adjustments: tuple[Adjustment, ...]


def published_run(warehouse: Warehouse) -> str:
    """The id of the published run. Raises: InputError if none is published."""
    row = warehouse.read("latest_forecasts").select("run_id").first()
    if row is None:
        raise InputError(
            explain(
                Message("table {name}", name="latest_forecasts"),
                Message("no rows"),
                Message("a published run"),
                Message("Run `lepton run` first."),
            )
        )
    return str(row["run_id"])


def find_explained(
    warehouse: Warehouse,
    run_id: str,
    full_run_id: str,
    product: str,
    location: str | None,
    period: int = 1,
) -> Explained:
    """The published forecast of a product at a location, which may be left out if there is one only.

    full_run_id: the run whose backtest chose the models. period: days of one forecast, 1 or 7.

    Raises: InputError for a product or a location without a forecast, or a run without explanations.
    """
    latest = warehouse.read("latest_forecasts")
    place = location_of(latest, product, location, Message("published forecast"))
    is_series = (F.col("product_id") == F.lit(product)) & (F.col("location_id") == F.lit(place))
    rows = {row["step"]: row for row in latest.where(is_series).collect()}
    of_run = is_series & (F.col("run_id") == F.lit(run_id))
    explained = warehouse.read("explanations").where(of_run).orderBy("step").collect()
    if not explained:
        found = Message("no rows of the published run {run}", run=run_id)
        remedy = Message("The run is of an earlier version; publish a new one with `lepton run`.")
        raise InputError(
            explain(
                Message("table {name}", name="explanations"), found, Message("one for each day ahead"), remedy
            )
        )
    model = warehouse.read("models").where(of_run).collect()[0]
    is_test = is_series & (F.col("run_id") == F.lit(full_run_id)) & (F.col("split") == "test")
    errors = {row["role"]: row for row in warehouse.read("metrics").where(is_test).collect()}
    overridden = {row["step"]: row for row in warehouse.read("applied_overrides").where(of_run).collect()}
    adjusted = warehouse.read("adjustments").where(of_run).orderBy("date", "rule").collect()
    return Explained(
        product_id=product,
        location_id=place,
        cutoff=rows[explained[0]["step"]]["cutoff"],
        period=period,
        days=tuple(_day(row, rows[row["step"]], overridden.get(row["step"])) for row in explained),
        model=model["model"],
        status=model["status"],
        reason=model["reason"],
        demand_class=model["demand_class"],
        runner_up=model["runner_up"],
        margin=model["margin"],
        choice_level=model["choice_level"],
        prior_level=(model["parameters"] or {}).get("prior_level"),
        errors=_errors(errors.get("chosen")),
        naive=_errors(errors.get("seasonal_naive")),
        adjustments=tuple(
            Adjustment(row["date"], row["rule"], row["before"], row["after"]) for row in adjusted
        ),
    )


def _day(parts: Row, forecast: Row, override: Row | None) -> Day:
    return Day(
        date=parts["date"],
        step=parts["step"],
        base=parts["base"],
        parts={group: parts[group] for group in GROUPS},
        forecast=forecast["forecast"],
        quantiles={name: forecast[name] for name in QUANTILE_LEVELS},
        override=None if override is None else _override(override, forecast),
    )


def _override(applied: Row, forecast: Row) -> Override:
    return Override(forecast["forecast"] - applied["model_forecast"], applied["who"], applied["why"])


def _errors(row: Row | None) -> WindowErrors | None:
    return None if row is None else WindowErrors(row["n_obs"], row["mae"], row["wape"], row["bias"])
