"""Plans a forecast run: its cutoff, its settings, its covariates and its run id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lepton_spark.config import Config
from lepton_spark.config.sections.forecast_settings import WEEKDAYS
from lepton_spark.errors import InputError, explain
from lepton_spark.evaluation.accuracy.class_errors import segment_of_class
from lepton_spark.forecasting.settings import FitSettings, fit_settings
from lepton_spark.language import Message
from lepton_spark.models.registry import registered_regressors
from lepton_spark.panel.calendar import EPOCH, Calendar, DayVolume, day_volumes, epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.panel.covariates import Covariates
from lepton_spark.panel.cutoff import cutoff_of_run, only_weekday
from lepton_spark.panel.public_holidays import holidays_version
from lepton_spark.panel.series import batch_count, count_series, known_at
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.kept_models import drift_since, on_schedule
from lepton_spark.pipelines.forecast.known_covariates import read_known_calendar, read_known_covariates
from lepton_spark.pipelines.forecast.segment_lists import segment_versions, unknown_products
from lepton_spark.pipelines.panel import packed_version
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import fingerprint_of, fingerprint_of_rows, run_id_for, settings_id
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.run_tables import Job


@dataclass(frozen=True)
class Plan:
    """A planned run: its row of `runs`, its cutoff, and the settings and covariates to fit with.

    is_retry: whether an earlier attempt may have left rows in the tables.
    hint: what the user may have overlooked in the sales.
    warnings: what does not match the sales in the settings of segments.
    covariates: rows that were known by the cutoff.
    usual_models: the model of each demand class in the run before, from which a class departs only for a
    clearly better one.
    refit: the full run whose models and trees are kept; None if this is a full run.
    """

    run: Run
    cutoff: date
    settings: FitSettings
    is_retry: bool = False
    hint: str | None = None
    warnings: tuple[str, ...] = ()
    covariates: Covariates = field(default_factory=Covariates)
    usual_models: Mapping[str, str] = field(default_factory=dict)
    refit: Run | None = None

    @property
    def full_run_id(self) -> str:
        """The run that trains, scores the candidates and chooses: the one that is kept, or this one."""
        return (self.refit or self.run).run_id


def plan_run(context: JobContext, runs: RunLog, job: Job = "forecast") -> Plan:
    """Plans the run for `forecast.cutoff`, by default the last complete day; writes nothing.

    Raises: InputError when `panel` is not up to date, or for a cutoff without sales.
    """
    warehouse, config = context.warehouse, context.config
    _require_panel(warehouse, runs)
    volumes = day_volumes(warehouse.read("sales"))
    by_lines = config.input.kind == "transactions"
    cutoff = cutoff_of_run(volumes, config.panel, config.forecast, by_lines=by_lines)
    _require_sales_by(cutoff, volumes)
    covariates = read_known_covariates(warehouse, config, cutoff)
    rows = read_known_calendar(warehouse, config, cutoff)
    settings = fit_settings(config, Calendar.until(volumes, epoch_day(cutoff), rows), rows)
    versions = _versions(config)
    settings_hash = forecast_settings_id(config)
    usual_models = _usual_models(runs.before(cutoff, settings_hash), settings)
    inputs = [*runs.complete_loads(cutoff), *versions, *_fingerprints(covariates, rows)]
    choices = [f"usual model of {name}:{key}" for name, key in usual_models.items()]
    full = fingerprint_of([*inputs, *choices])
    run = Run(
        run_id=run_id_for(job, cutoff, config, full),
        job=job,
        cutoff=cutoff,
        input_fingerprint=full,
        horizon=config.forecast.horizon,
        settings_id=settings_hash,
    )
    plan = Plan(
        run,
        cutoff,
        settings,
        hint=_hint(volumes, config),
        covariates=covariates,
        usual_models=usual_models,
    )
    if runs.is_complete(run.run_id):
        return plan
    planned = _with_models(context, plan, inputs)
    return planned if runs.is_complete(planned.run.run_id) else _with_batches(context, planned)


def _with_batches(context: JobContext, plan: Plan) -> Plan:
    """The plan with the numbers of series and batches; not needed for a run that is complete."""
    panel = context.warehouse.read("panel")
    n_series = count_series(panel, plan.cutoff)
    n_batches = batch_count(n_series, context.config.forecast.series_per_batch)
    run = replace(plan.run, n_batches=n_batches, counts={"series_in": n_series})
    warnings = tuple(unknown_products(known_at(panel, plan.cutoff), context.config.segments))
    return replace(plan, run=run, warnings=warnings)


def _with_models(context: JobContext, plan: Plan, inputs: Sequence[str]) -> Plan:
    """The plan of a run that keeps models, or that chooses anew and why.

    A run with kept models that is complete stays, whatever monitoring has found since.
    """
    kept = on_schedule(context, str(plan.run.settings_id), plan.cutoff)
    because = kept.because
    if kept.full_run is not None:
        keeping = _keeping(plan, kept.full_run, context.config, inputs)
        is_complete = context.runs.is_complete(keeping.run.run_id)
        because = None if is_complete else drift_since(context, kept.full_run, plan.cutoff)
        if because is None:
            return keeping
    return replace(plan, run=replace(plan.run, chosen_because=because))


def _keeping(plan: Plan, refit: Run, config: Config, inputs: Sequence[str]) -> Plan:
    """The plan of a run that keeps the models of another; that run's id is part of its own."""
    fingerprint = fingerprint_of([*inputs, f"models of {refit.run_id}"])
    run = replace(
        plan.run,
        run_id=run_id_for(plan.run.job, plan.cutoff, config, fingerprint),
        input_fingerprint=fingerprint,
        refit_run_id=refit.run_id,
    )
    return replace(plan, run=run, refit=refit, usual_models=refit.class_models)


def _usual_models(before: Run | None, settings: FitSettings) -> dict[str, str]:
    """By demand class, the model that the run before chose, if there is a choice and it is not the first.

    Classes of segments keep theirs in any case: their first model is another one.
    """
    evaluation = settings.evaluation
    if before is None or not evaluation.has_choice:
        return {}
    first = evaluation.candidates[0].key
    models = sorted(before.class_models.items())
    return {name: key for name, key in models if key != first or segment_of_class(name) is not None}


def _hint(volumes: Sequence[DayVolume], config: Config) -> str | None:
    weekday = only_weekday(volumes)
    if weekday is None or config.forecast.period > 1:
        return None
    found = Message("all sales are dated on a {weekday}", weekday=WEEKDAYS[weekday].capitalize())
    return f"{found}; if they are sums of weeks, add conf/weekly.yaml (docs/weekly.md)"


def _fingerprints(covariates: Covariates, calendar: Sequence[CalendarRow]) -> list[str]:
    """Fingerprints of the covariates and the calendar."""
    rows = [f"{name}:{fingerprint_of_rows(rows)}" for name, rows in covariates.rows.items()]
    return [*rows, *(f"calendar:{row}" for row in calendar)]


def forecast_settings_id(config: Config) -> str:
    """A hash of the settings that forecasts depend on."""
    return settings_id("forecast", config, _versions(config))


def _versions(config: Config) -> list[str]:
    """Versions of the custom regressors and of the public holidays; the segments."""
    models = {*config.forecast.models, *(name for one in config.segments for name in one.models or ())}
    regressors = [
        f"regressor:{name}:{regressor.version}"
        for name, regressor in registered_regressors().items()
        if name in models
    ]
    holidays = [f"holidays:{holidays_version()}"] if config.forecast.holidays else []
    return [*regressors, *holidays, *segment_versions(config.segments)]


def _require_sales_by(cutoff: date, volumes: Sequence[DayVolume]) -> None:
    """Raises InputError for a week that ends before the first day of sales: no series would be forecast."""
    first = EPOCH + timedelta(days=min(volume.day for volume in volumes))
    if cutoff < first:
        remedy = Message("Choose a later cutoff, another forecast.week_end, or forecast.frequency daily.")
        allowed = Message("a week that ends on {first}, the first day of sales, or later", first=first)
        raise InputError(explain(Message("cutoff"), f"{cutoff}", allowed, remedy))


def _require_panel(warehouse: Warehouse, runs: RunLog) -> None:
    packed, sales = packed_version(runs), warehouse.version("sales")
    if sales is None or packed != sales:
        found = Message("none") if packed is None else Message("sales up to version {packed}", packed=packed)
        allowed = (
            Message("the sales")
            if sales is None
            else Message("sales up to version {sales}, the current one", sales=sales)
        )
        remedy = Message("Run `lepton {command}` first.", command="ingest" if sales is None else "panel")
        raise InputError(explain(Message("table panel"), found, allowed, remedy))
