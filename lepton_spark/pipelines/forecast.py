"""The forecast job: packed series and a cutoff become fits, and the tables cut from them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.errors import BalanceError, InputError, explain
from lepton_spark.forecasting import cut
from lepton_spark.forecasting.fan_out import fit, score
from lepton_spark.forecasting.pool import collect_class_table, no_class_table
from lepton_spark.forecasting.settings import SAMPLED_BATCHES, FitSettings, fit_settings
from lepton_spark.forecasting.share import collect_pools, sample_of, share, with_trees
from lepton_spark.forecasting.training import collect_trees, train_trees
from lepton_spark.models.registry import registered_regressors
from lepton_spark.panel.calendar import EPOCH, Calendar, DayVolume, day_volumes, epoch_day
from lepton_spark.panel.cutoff import choose_cutoff
from lepton_spark.panel.public_holidays import holidays_version
from lepton_spark.panel.series import batch_count, count_series, run_series, with_lists
from lepton_spark.pipelines.manifest import Clock, Run, RunLog, complete_batches, fingerprint_of, run_id_for
from lepton_spark.pipelines.panel import packed_until
from lepton_spark.pipelines.progress import Progress
from lepton_spark.pipelines.side import SideRows, known_side_rows
from lepton_spark.pipelines.splitting import Share, write_sampled, write_split
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schema import SERIES_KEY

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForecastResult:
    """A complete run; `already_complete`: it was so before, nothing was done.

    n_series: forecast; n_fallback and n_obsolete of them.
    """

    run_id: str
    cutoff: date
    already_complete: bool
    n_series: int
    n_fallback: int
    n_obsolete: int


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


def forecast(
    spark: SparkSession, config: Config, cutoff: date | None, clock: Clock, progress: Progress
) -> ForecastResult:
    """Forecast every series that was known by the cutoff; `runs` says complete last.

    Raises: InputError without a panel that is up to date, or for a cutoff without sales; BalanceError when
    a series was lost on the way.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    with progress.stage("cutoff") as stage:
        plan = _plan(warehouse, runs, config, cutoff or config.forecast.cutoff)
        stage.note(f"{plan.cutoff}")
        if config.forecast.period > 1:
            stage.note(f"the last whole week's {config.forecast.week_end}, {config.forecast.ahead}")
    known = runs.find(plan.run.run_id)
    if known is not None and known.state == "complete":
        return _result(known, plan.cutoff, already_complete=True)
    run = runs.start(plan.run, config)
    try:
        plan = replace(plan, run=run, tried_before=known is not None)
        counts = carry_out(warehouse, plan, progress)
    except BaseException:
        runs.fail(run)
        raise
    complete = runs.complete(replace(run, counts=counts))
    log.info("run %s cutoff %s complete: %s", run.run_id, plan.cutoff, counts)
    return _result(complete, plan.cutoff, already_complete=False)


def _plan(warehouse: Warehouse, runs: RunLog, config: Config, asked: date | None) -> Plan:
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


def carry_out(warehouse: Warehouse, plan: Plan, progress: Progress) -> dict[str, int]:
    """Write all tables of a run but `runs`; gives the counts in and out."""
    cancellations = warehouse.read("cancellations") if warehouse.exists("cancellations") else None
    n_batches = plan.run.n_batches or 1
    series = run_series(warehouse.read("panel"), cancellations, plan.cutoff, n_batches)
    lists = plan.side.by_series(series)
    if lists is not None:
        series = with_lists(series, lists, n_batches)
    with progress.stage("what the series share"):
        plan = _share(warehouse, plan, series)
    with progress.stage("backtest of the candidates"):
        _score(warehouse, plan, series)
    with progress.stage("fit and forecast") as stage:
        counts = _fit(warehouse, plan, series)
        stage.note(f"{counts['series_out']:,} series, {counts['fallback']:,} fallen back")
    with progress.stage("forecasts, metrics, models"):
        _cut(warehouse, plan)
    return counts


def _share(warehouse: Warehouse, plan: Plan, series: DataFrame) -> Plan:
    """The plan with what a sample of the series shares, where a candidate reads it."""
    if not plan.settings.shares:
        return plan
    _learn(warehouse, plan, "pools", series, share)
    pools = collect_pools(_rows(warehouse, "pools", plan))
    if plan.settings.trains:
        _learn(warehouse, plan, "pooled_trees", series, train_trees)
        pools = with_trees(pools, collect_trees(_rows(warehouse, "pooled_trees", plan)))
    return replace(plan, settings=replace(plan.settings, pools=pools))


def _learn(
    warehouse: Warehouse,
    plan: Plan,
    name: str,
    series: DataFrame,
    learn: Callable[[DataFrame, FitSettings, str | None], DataFrame],
) -> None:
    """Write what a sample of the series teaches."""

    def write(part: Share | None, given_up: str | None) -> None:
        rows = learn(_of_share(series, part), plan.settings, given_up)
        _write(warehouse, name, _of_run(plan, rows), plan, part)

    n_batches = min(plan.run.n_batches or 1, SAMPLED_BATCHES)
    write_sampled(write, _clearing(warehouse, name, plan), n_batches, _counter(sample_of(series)))


def _score(warehouse: Warehouse, plan: Plan, series: DataFrame) -> None:
    """Pass A; where there is nothing to choose it would decide nothing and is left out."""
    if not plan.settings.has_choice:
        return

    def write(share: Share | None, given_up: str | None) -> None:
        rows = score(_of_share(series, share), plan.settings, given_up)
        _write(warehouse, "candidates", _of_run(plan, rows), plan, share)

    write_split(write, _clearing(warehouse, "candidates", plan), plan.run.n_batches or 1, _counter(series))


def _fit(warehouse: Warehouse, plan: Plan, series: DataFrame) -> dict[str, int]:
    """Pass B; each series that came in must have come out once."""
    candidates = _rows(warehouse, "candidates", plan)
    table = no_class_table(len(plan.settings.candidates))
    if plan.settings.has_choice:
        table = collect_class_table(candidates, plan.settings.candidates)

    def write(share: Share | None, given_up: str | None) -> None:
        mine, scored = _of_share(series, share), _of_share(candidates, share)
        rows = fit(mine, scored, plan.settings, table, given_up)
        _write(warehouse, "fits", _of_run(plan, rows), plan, share)

    write_split(write, _clearing(warehouse, "fits", plan), plan.run.n_batches or 1, _counter(series))
    return _counts(_rows(warehouse, "fits", plan), plan)


def _counts(fits: DataFrame, plan: Plan) -> dict[str, int]:
    row = fits.agg(
        F.count("*").alias("series_out"),
        F.count_distinct(*SERIES_KEY).alias("distinct"),
        F.count_if(F.col("status") == "fallback").alias("fallback"),
        F.count_if(F.col("status") == "obsolete").alias("obsolete"),
    ).first()
    counts = {**plan.run.counts, **({} if row is None else row.asDict())}
    if not counts["series_in"] == counts["series_out"] == counts.pop("distinct"):
        found = f"{counts['series_in']} series in, {counts['series_out']} rows out"
        raise BalanceError(
            explain(f"run {plan.run.run_id}", found, "one row each", "The run is not completed.")
        )
    return counts


def _cut(warehouse: Warehouse, plan: Plan) -> None:
    fits = _rows(warehouse, "fits", plan)
    by = ["demand_class"] + (["location_id"] if len(plan.settings.calendar.delivered) > 1 else [])
    grouped = fits
    categories = plan.side.categories(fits)
    if categories is not None:
        grouped, by = fits.join(categories, list(SERIES_KEY), "left"), [*by, "category"]
    _write(warehouse, "forecasts", cut.forecasts(fits, plan.cutoff, plan.settings.period), plan)
    _write(warehouse, "metrics", cut.metrics(fits), plan)
    _write(warehouse, "metrics_summary", cut.metrics_summary(grouped, by=by), plan)
    _write(warehouse, "models", cut.models(fits), plan)
    groups = cut.group_forecasts(grouped, plan.cutoff, plan.settings.period, by=by)
    _write(warehouse, "group_forecasts", groups, plan)
    _write(warehouse, "adjustments", cut.adjustments(fits), plan)
    _write(warehouse, "residual_paths", cut.residual_paths(fits), plan)


def _of_run(plan: Plan, rows: DataFrame) -> DataFrame:
    return rows.withColumn("run_id", F.lit(plan.run.run_id))


def _rows(warehouse: Warehouse, name: str, plan: Plan) -> DataFrame:
    return warehouse.read(name).where(F.col("run_id") == F.lit(plan.run.run_id))


def _of_share(rows: DataFrame, share: Share | None) -> DataFrame:
    return rows if share is None else rows.where(share.condition)


def _clearing(warehouse: Warehouse, name: str, plan: Plan) -> Callable[[], None]:
    return lambda: warehouse.delete(name, F.col("run_id") == F.lit(plan.run.run_id))


def _counter(series: DataFrame) -> Callable[[Share], int]:
    return lambda share: series.where(share.condition).select(*SERIES_KEY).distinct().count()


def _write(warehouse: Warehouse, name: str, rows: DataFrame, plan: Plan, share: Share | None = None) -> None:
    """In place of what an earlier try of the run left; run ids are hexadecimal, safe in a condition.

    A first try finds nothing in its place: it appends, in a third of the time. So does a share of what could
    not be written as a whole, once nothing is left of an earlier try.
    """
    if plan.tried_before and share is None:
        warehouse.replace(name, rows, f"run_id = '{plan.run.run_id}'")
    else:
        warehouse.append(name, rows)


def _result(run: Run, cutoff: date, *, already_complete: bool) -> ForecastResult:
    counts = run.counts
    return ForecastResult(
        run_id=run.run_id,
        cutoff=cutoff,
        already_complete=already_complete,
        n_series=counts["series_out"],
        n_fallback=counts["fallback"],
        n_obsolete=counts["obsolete"],
    )
