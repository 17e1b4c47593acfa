"""What a forecast run is to do: its cutoff, its settings, what it depends on and so its name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.models.registry import registered_regressors
from lepton_spark.panel.calendar import EPOCH, Calendar, DayVolume, day_volumes, epoch_day
from lepton_spark.panel.cutoff import choose_cutoff
from lepton_spark.panel.public_holidays import holidays_version
from lepton_spark.panel.series import batch_count, count_series
from lepton_spark.pipelines.forecast.covariates import SideRows, known_side_rows
from lepton_spark.pipelines.panel import packed_until
from lepton_spark.pipelines.runs.run_log import Run, RunLog, complete_batches, fingerprint_of, run_id_for
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Plan:
    """What a run works with; its row of `runs`, and what the workers are given.

    side: what inputs beside sales say that was known by the cutoff.
    tried_before: rows of an earlier try that was cut short may stand in the tables.
    """

    run: Run
    cutoff: date
    settings: FitSettings
    tried_before: bool = False
    side: SideRows = field(default_factory=SideRows)


def plan_run(warehouse: Warehouse, runs: RunLog, config: Config, asked: date | None) -> Plan:
    """The run for the cutoff that is asked for, else the last complete day; nothing is written.

    Raises: InputError without a panel that is up to date, or for a cutoff without sales.
    """
    _require_panel(warehouse, runs)
    volumes = day_volumes(warehouse.read("sales"))
    by_lines = config.input.kind == "transactions"
    chosen = choose_cutoff(volumes, config.panel, by_lines=by_lines, asked=asked)
    cutoff = end_of_column(chosen, config.forecast)
    _require_sales_by(cutoff, volumes)
    side = known_side_rows(warehouse, config, cutoff)
    foreign = [
        f"regressor:{name}:{regressor.version}"
        for name, regressor in registered_regressors().items()
        if name in config.forecast.models
    ]
    known = [f"holidays:{holidays_version()}"] if config.forecast.holidays else []
    fingerprint = fingerprint_of(
        [*complete_batches(warehouse, cutoff), *side.fingerprints(), *foreign, *known]
    )
    n_series = count_series(warehouse.read("panel"), cutoff)
    run = Run(
        run_id=run_id_for("forecast", cutoff, config, fingerprint),
        job="forecast",
        cutoff=cutoff,
        input_fingerprint=fingerprint,
        horizon=config.forecast.horizon,
        n_batches=batch_count(n_series, config.forecast.series_per_batch),
        counts={"series_in": n_series},
    )
    settings = fit_settings(config, Calendar.until(volumes, epoch_day(cutoff)))
    return Plan(run, cutoff, settings, side=side)


def end_of_column(day: date, settings: ForecastSettings) -> date:
    """The last day not after `day` that ends what is forecast at once: the day itself, or a week."""
    if settings.period == 1:
        return day
    return day - timedelta(days=(day.weekday() - settings.last_weekday) % settings.period)


def _require_sales_by(cutoff: date, volumes: Sequence[DayVolume]) -> None:
    """A week that ends before the first sale would make a run without a product."""
    first = EPOCH + timedelta(days=min(volume.day for volume in volumes))
    if cutoff < first:
        remedy = "Choose a later cutoff, another forecast.week_end, or forecast.frequency daily."
        allowed = f"a week that ends on {first}, the first day of sales, or later"
        raise InputError(explain("cutoff", f"{cutoff}", allowed, remedy))


def _require_panel(warehouse: Warehouse, runs: RunLog) -> None:
    packed, sales = packed_until(runs), warehouse.version("sales")
    if sales is None or packed != sales:
        found = "none" if packed is None else f"sales up to version {packed}"
        allowed = "sales up to their present version" + ("" if sales is None else f" {sales}")
        raise InputError(explain("table panel", found, allowed, "Run `lepton panel` first."))
