"""The tables of a run: staged errors and fits, and what is cut from them for readers."""

from lepton_spark.tables.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

QUANTILE_LEVELS = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}
"""The published quantile forecasts by column."""

_BATCH = Column("batch", "INT", "the batch of series that was fitted together", False)
_DEMAND_CLASS = Column("demand_class", "STRING", "smooth, intermittent, erratic, lumpy, new or obsolete")
_STATUS = Column(
    "status", "STRING", "ok, fallback (a simpler forecast stands in) or obsolete (no recent sale: 0)", False
)
_REASON = Column("reason", "STRING", "why the status is not ok; null when it is")
_FALLBACK = Column("fallback_level", "INT", "0: the chosen model; higher: further down the chain")
_MODEL = Column("model", "STRING", "the model that made the forecast", False)

_CHOICE = (
    _DEMAND_CLASS,
    Column(
        "parameters",
        "MAP<STRING, DOUBLE>",
        "the chosen model's settings; dispersion: variance over mean of the quantiles",
    ),
    Column("coefficients", "MAP<STRING, DOUBLE>", "fitted coefficients by name"),
    Column("runner_up", "STRING", "the second best model; null without a choice"),
    Column(
        "margin",
        "DOUBLE",
        "share by which the chosen model's validation error is below the runner-up's; "
        "a little below 0 where the first of the configuration was kept",
    ),
    Column(
        "choice_level", "STRING", "whose errors decided: the series' own, its class's, or neither (default)"
    ),
    Column(
        "quantile_method",
        "STRING",
        "negative_binomial (whole units), backtest_errors or poisson",
    ),
)
_FORECAST_HASH = Column("forecast_hash", "STRING", "hash of the forecasts' bits, to compare runs")

_WINDOW_SUMS = (
    "n_obs: BIGINT, sse: DOUBLE, abs_error: DOUBLE, sum_error: DOUBLE, sum_actual: DOUBLE, "
    "scaled_sse: DOUBLE, scaled_abs_error: DOUBLE"
)
_JUDGED = "model: STRING, is_role: STRING, split: STRING, window: INT"
_QUANTILE_SUMS = "pinball_sum: DOUBLE, covered_sum: DOUBLE, n_quantile_obs: BIGINT"

POOLS = Table(
    name="pools",
    comment="Staged: what a sample of all series shares, as known at each cutoff of a run",
    columns=(
        RUN_ID,
        Column("cutoff", "DATE", "a backtest window's cutoff or the run's: no later day is in it", False),
        Column("n_series", "BIGINT", "series of the sample"),
        Column(
            "weekday_index",
            "ARRAY<DOUBLE>",
            "a weekday's sales over the level: 7 days x 4 half-lives",
        ),
        Column("log_dispersion", "DOUBLE", "median log of variance over mean"),
        Column(
            "month_days", "ARRAY<DOUBLE>", "sales on six stretches of the month over what the weekday tells"
        ),
        Column(
            "year_weeks",
            "ARRAY<DOUBLE>",
            "factors of 13 weeks ahead from those of a year ago, as far as past years came back",
        ),
    ),
    key=("run_id", "cutoff"),
    partition_by=("run_id",),
)

POOLED_TREES = Table(
    name="pooled_trees",
    comment="Staged: trees trained over a sample of all series, as plain arrays",
    columns=(
        RUN_ID,
        Column("trained_until", "DATE", "the last day that the trees have seen", False),
        Column("part", "INT", "place among the trees of that day", False),
        Column("foretells", "STRING", "mean, median, or none where nothing could be trained", False),
        Column("n_series", "BIGINT", "series of the sample"),
        Column("baseline", "DOUBLE", "what is added to the sum of the trees"),
        Column("feature", "ARRAY<INT>", "by inner node: the feature that is asked for"),
        Column("threshold", "ARRAY<DOUBLE>", "by inner node: at most this goes left"),
        Column("tree", "ARRAY<INT>", "by inner node: which tree it is of"),
        Column("ruled_out", "ARRAY<INT>", "by inner node: bits of the leaves on its left"),
        Column("value", "ARRAY<DOUBLE>", "by tree: its 16 leaves from left to right"),
        Column("reason", "STRING", "why nothing was trained; null where it was"),
    ),
    key=("run_id", "trained_until", "part"),
    partition_by=("run_id",),
)

CANDIDATES = Table(
    name="candidates",
    comment="Staged: errors of every candidate on every backtest window",
    columns=(
        RUN_ID,
        *SERIES,
        _BATCH,
        Column("model", "STRING", "the candidate: a model and its settings", False),
        Column("demand_class", "STRING", "as known at the test window's cutoff, where the choice is made"),
        Column("windows", f"ARRAY<STRUCT<window: INT, role: STRING, {_WINDOW_SUMS}>>", "sums by window"),
        Column("reason", "STRING", "why the candidate could not be fitted; null when it was"),
    ),
    key=("run_id", *SERIES_KEY, "model"),
    partition_by=("run_id",),
)

FITS = Table(
    name="fits",
    comment="Staged: one result row a series, from which the published tables are cut",
    columns=(
        RUN_ID,
        *SERIES,
        _BATCH,
        _STATUS,
        _REASON,
        _FALLBACK,
        _MODEL,
        *_CHOICE,
        Column(
            "n_days_known",
            "INT",
            "days up to the cutoff on which the quantity is known; of weekly forecasts seven a known week",
        ),
        Column(
            "last_sale",
            "DATE",
            "last day with a sale up to the cutoff, of weekly forecasts its week's last; null without one",
        ),
        Column("recent_quantity", "DOUBLE", "units of the last 28 known days up to the cutoff"),
        Column("forecast", "ARRAY<DOUBLE>", "the mean by step"),
        Column("quantiles", "ARRAY<ARRAY<DOUBLE>>", "quantile forecasts by level, then step"),
        Column(
            "metrics",
            f"ARRAY<STRUCT<{_JUDGED}, {_WINDOW_SUMS}, {_QUANTILE_SUMS}>>",
            "sums of backtest errors by model, split and window",
        ),
        Column(
            "adjustments",
            "ARRAY<STRUCT<date: DATE, rule: STRING, before: DOUBLE, after: DOUBLE>>",
            "days that models were given otherwise than sold",
        ),
        Column(
            "paths",
            "ARRAY<ARRAY<DOUBLE>>",
            "residual paths by window, for a sample of the series; null for the others",
        ),
        _FORECAST_HASH,
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
)

GROUP_FORECASTS = Table(
    name="group_forecasts",
    comment="Sums of the members' forecasts for a segment: everything, a demand class, a location",
    columns=(
        RUN_ID,
        Column("segment", "STRING", "all, demand_class=NAME or location=ID", False),
        Column("cutoff", "DATE", "the last day that a model saw", False),
        Column("step", "INT", "days after the cutoff; weeks of weekly forecasts", False),
        Column("date", "DATE", "the day, or a week's first", False),
        Column("forecast", "DOUBLE", "units, the sum of the members' means", False),
        Column("n_series", "BIGINT", "members", False),
    ),
    key=("run_id", "segment", "date"),
    partition_by=("run_id",),
)

ADJUSTMENTS = Table(
    name="adjustments",
    comment="What cleaning changed before fitting; errors are measured against what was sold",
    columns=(
        RUN_ID,
        *SERIES,
        Column("date", "DATE", "the day, or a week's first", False),
        Column("rule", "STRING", "spike: far beyond all sales before it", False),
        Column("before", "DOUBLE", "units sold"),
        Column("after", "DOUBLE", "units that models were given"),
    ),
    key=("run_id", *SERIES_KEY, "date", "rule"),
    partition_by=("run_id",),
)

RESIDUAL_PATHS = Table(
    name="residual_paths",
    comment="How forecasts of sampled series missed along whole backtest windows: for sums over several days",
    columns=(
        RUN_ID,
        *SERIES,
        _DEMAND_CLASS,
        Column(
            "window",
            "INT",
            "place in the backtest; paths of one window share what befell all products",
            False,
        ),
        Column("path", "ARRAY<DOUBLE>", "by step: (actual - forecast) / sqrt(dispersion x forecast)"),
    ),
    key=("run_id", *SERIES_KEY, "window"),
    partition_by=("run_id",),
)


def _forecast_columns(published: bool) -> tuple[Column, ...]:
    """Columns of a product-day ahead; what is published may not be null."""
    return (
        RUN_ID,
        *SERIES,
        Column("cutoff", "DATE", "last day the run has seen", False),
        Column("date", "DATE", "the day that is forecast; of weekly forecasts the week's first", False),
        Column("step", "INT", "days after the cutoff, from 1; weeks of weekly forecasts", False),
        Column("forecast", "DOUBLE", "the mean of the day's demand, or the week's, in units", not published),
        *(
            Column(name, "DOUBLE", f"quantile forecast in units at the level {level:.2f}", not published)
            for name, level in QUANTILE_LEVELS.items()
        ),
        _MODEL,
        _STATUS,
    )


FORECASTS = Table(
    name="forecasts",
    comment="One product-day ahead, or product-week, of every run",
    columns=_forecast_columns(published=False),
    key=("run_id", *SERIES_KEY, "date"),
    partition_by=("run_id",),
)

LATEST_FORECASTS = Table(
    name="latest_forecasts",
    comment="The published run's forecasts, replaced in one commit; read this one",
    columns=(
        *_forecast_columns(published=True),
        Column("published_at", "TIMESTAMP", "when the run was published", False),
        Column("valid_until", "DATE", "last day on which the forecasts may be used", False),
    ),
    key=(*SERIES_KEY, "date"),
    checks={
        "finite_forecast": "forecast >= 0 AND forecast < double('Infinity')",
        "steps_from_one": "step >= 1 AND date IN (date_add(cutoff, step), date_add(cutoff, 7 * step - 6))",
    },
)

_ERRORS = (
    Column("sse", "DOUBLE", "sum of squared errors, units squared"),
    Column("mae", "DOUBLE", "mean absolute error in units"),
    Column("rmse", "DOUBLE", "root mean squared error in units"),
    Column("wape", "DOUBLE", "sum of absolute errors / sum of absolute actuals; null when nothing was sold"),
    Column(
        "bias", "DOUBLE", "sum of forecast less actual / sum of absolute actuals; above 0 is over-forecasting"
    ),
    Column("mase", "DOUBLE", "mean absolute error over the one-step naive error; null without a scale"),
    Column("rmsse", "DOUBLE", "root mean squared error over the one-step naive error; null without a scale"),
    Column(
        "pinball",
        "DOUBLE",
        "mean pinball loss over the published quantiles in units; of the test window alone",
    ),
    Column("coverage", "DOUBLE", "share of actuals inside [p10, p90]; of the test window alone"),
)

METRICS = Table(
    name="metrics",
    comment="Backtest errors of a series: the chosen model, the runner-up and seasonal naive",
    columns=(
        RUN_ID,
        *SERIES,
        Column("model", "STRING", "the model that is judged", False),
        Column("role", "STRING", "chosen, runner_up or seasonal_naive", False),
        Column("split", "STRING", "validation or test", False),
        Column("window", "INT", "the backtest window", False),
        Column("n_obs", "BIGINT", "days with a known actual; weeks of weekly forecasts"),
        *_ERRORS,
        Column("abs_error", "DOUBLE", "sum of absolute errors in units"),
        Column("sum_error", "DOUBLE", "sum of forecast less actual in units"),
        Column("sum_actual", "DOUBLE", "sum of actuals in units"),
        Column("scaled_sse", "DOUBLE", "sum of squared errors / squared naive error before the window"),
        Column("scaled_abs_error", "DOUBLE", "sum of absolute errors / naive error before the window"),
        Column("pinball_sum", "DOUBLE", "sum of pinball losses over days and quantiles"),
        Column("covered_sum", "DOUBLE", "days whose actual lies inside [p10, p90]"),
        Column("n_quantile_obs", "BIGINT", "days for which quantiles were judged"),
    ),
    key=("run_id", *SERIES_KEY, "model", "role", "split", "window"),
    partition_by=("run_id",),
)

METRICS_SUMMARY = Table(
    name="metrics_summary",
    comment="Backtest errors of a segment, from pooled sums, and the value added over seasonal naive",
    columns=(
        RUN_ID,
        Column("segment", "STRING", "all, demand_class=.. or location=..", False),
        Column("model", "STRING", "a model, or 'chosen': what would have been published, by series", False),
        Column("split", "STRING", "validation or test", False),
        Column("n_series", "BIGINT", "series judged"),
        Column("n_obs", "BIGINT", "days with a known actual; weeks of weekly forecasts"),
        *_ERRORS,
        Column("value_added", "DOUBLE", "1 - rmsse / rmsse of seasonal naive over the same days"),
    ),
    key=("run_id", "segment", "model", "split"),
    partition_by=("run_id",),
)

MODELS = Table(
    name="models",
    comment="One row for every series that entered a run: which model, why, and what stood in the way",
    columns=(
        RUN_ID,
        *SERIES,
        _MODEL,
        *_CHOICE,
        _STATUS,
        _REASON,
        _FALLBACK,
        _FORECAST_HASH,
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
)

FORECAST_TABLES = (
    POOLS,
    POOLED_TREES,
    CANDIDATES,
    FITS,
    FORECASTS,
    LATEST_FORECASTS,
    METRICS,
    METRICS_SUMMARY,
    MODELS,
    RESIDUAL_PATHS,
    ADJUSTMENTS,
    GROUP_FORECASTS,
)
