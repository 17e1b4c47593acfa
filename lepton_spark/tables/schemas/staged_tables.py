"""Staged tables: intermediate results of a run, from which the published tables are built."""

from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.tables.schemas.constraints import among, at_least, units, unless_null
from lepton_spark.tables.schemas.run_columns import CHOICE, FORECAST_HASH, MODEL, OUTCOME, OUTCOME_CHECKS
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

_BATCH = Column("batch", "INT", "the batch of series that were fitted together", False)

_WINDOW_SUMS = (
    "n_obs: BIGINT, sse: DOUBLE, abs_error: DOUBLE, sum_error: DOUBLE, sum_actual: DOUBLE, "
    "scaled_sse: DOUBLE, scaled_abs_error: DOUBLE"
)
_SCORED = "model: STRING, is_role: STRING, split: STRING, window: INT"
_QUANTILE_SUMS = "pinball_sum: DOUBLE, covered_sum: DOUBLE, n_quantile_obs: BIGINT"

CLASS_SUM_TYPE = (
    "ARRAY<STRUCT<demand_class: STRING, model: STRING, capped_sse: DOUBLE, n_obs: BIGINT, n_series: BIGINT>>"
)
METRIC_SUM_TYPE = (
    "ARRAY<STRUCT<segment: STRING, model: STRING, split: STRING, n_series: BIGINT, n_obs: DOUBLE, "
    "n_scaled: DOUBLE, sse: DOUBLE, abs_error: DOUBLE, sum_error: DOUBLE, sum_actual: DOUBLE, "
    "scaled_sse: DOUBLE, scaled_abs_error: DOUBLE, pinball_sum: DOUBLE, covered_sum: DOUBLE, "
    "n_quantile_obs: DOUBLE, paired_scaled_sse: DOUBLE, baseline_scaled_sse: DOUBLE>>"
)
_BY_STEP = "ARRAY<DOUBLE>"
GROUP_SUM_TYPE = f"ARRAY<STRUCT<segment: STRING, n_series: BIGINT, forecast: {_BY_STEP}>>"

POOLS = Table(
    name="pools",
    comment="Staged: statistics shared by all series, from a sample of them, at each cutoff of a run",
    columns=(
        RUN_ID,
        Column("cutoff", "DATE", "cutoff of a backtest window or of the run; no later day is used", False),
        Column("n_series", "BIGINT", "number of sampled series"),
        Column(
            "weekday_index",
            "ARRAY<DOUBLE>",
            "sales of a weekday / mean sales of a day, by weekday, then by half-life: 7 x 4 values",
        ),
        Column("log_dispersion", "DOUBLE", "median over the series of log(variance / mean of a day)"),
        Column(
            "dispersion_curve",
            "ARRAY<DOUBLE>",
            "8 log levels in units a day, then the log dispersion of series of these levels",
        ),
        *(Column(factor.name, "ARRAY<DOUBLE>", factor.meaning) for factor in FACTORS),
        Column("reason", "STRING", "why there are no statistics (then the run's only row); null otherwise"),
    ),
    key=("run_id", "cutoff"),
    partition_by=("run_id",),
    checks={
        "nonnegative_n_series": unless_null("n_series", at_least(0, "n_series")),
    },
)

POOLED_TREES = Table(
    name="pooled_trees",
    comment="Staged: trees and a regression, trained on a sample of all series, as plain arrays",
    columns=(
        RUN_ID,
        Column("trained_until", "DATE", "last day in the training data", False),
        Column("part", "INT", "number of the part, from 0, among those trained until that day", False),
        Column(
            "foretells",
            "STRING",
            "prediction of the part: mean, median, linear (a regression for the mean), or none (untrained)",
            False,
        ),
        Column("n_series", "BIGINT", "number of sampled series"),
        Column("baseline", "DOUBLE", "constant added to the sum of the trees"),
        Column("feature", "ARRAY<INT>", "by inner node: number of the feature that it tests"),
        Column("threshold", "ARRAY<DOUBLE>", "by inner node: values up to the threshold go left"),
        Column("tree", "ARRAY<INT>", "by inner node: number of its tree"),
        Column("ruled_out", "ARRAY<INT>", "by inner node: bit mask of the leaves on its left"),
        Column(
            "value",
            "ARRAY<DOUBLE>",
            "by tree: its 16 leaf values from left to right; for linear, the weights",
        ),
        Column(
            "count",
            "ARRAY<INT>",
            "by tree: training rows of its 16 leaves, for explanations; null in runs of earlier versions",
        ),
        Column("reason", "STRING", "why nothing was trained; null when it was"),
    ),
    key=("run_id", "trained_until", "part"),
    partition_by=("run_id",),
    checks={
        "known_foretells": among("foretells", "mean", "median", "linear", "none"),
        "part_from_zero": at_least(0, "part"),
        "nonnegative_n_series": unless_null("n_series", at_least(0, "n_series")),
    },
)

CANDIDATES = Table(
    name="candidates",
    comment="Staged: errors of every candidate on every validation window, one row per series",
    columns=(
        RUN_ID,
        *SERIES,
        _BATCH,
        Column("demand_class", "STRING", "class at the test window's cutoff, for the choice of a model"),
        Column("models", "ARRAY<STRING>", "the candidates in the order of the lists: models and settings"),
        Column("n_obs", "ARRAY<INT>", "scored observations by candidate, then validation window"),
        Column("sse", "ARRAY<DOUBLE>", "sums of squared errors by candidate, then validation window"),
        Column(
            "reasons",
            "MAP<STRING, STRING>",
            "by candidate, why it could not be fitted; null when all were",
        ),
        Column(
            "class_sums",
            CLASS_SUM_TYPE,
            "in the first row of each part of a batch that was scored at once: by demand class and "
            "candidate, sums of scaled squared errors on the validation windows, capped per series, and the "
            "number of observations and of series behind them; null in other rows",
        ),
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
    checks={"batch_from_zero": at_least(0, "batch")},
)

FITS = Table(
    name="fits",
    comment="Staged: one result row per series, from which the published tables are built",
    columns=(
        RUN_ID,
        *SERIES,
        _BATCH,
        *OUTCOME,
        MODEL,
        *CHOICE,
        Column(
            "n_days_known",
            "INT",
            "days with a known quantity up to the cutoff; for weekly forecasts, 7 per known week",
        ),
        Column(
            "last_sale",
            "DATE",
            "last day with a sale up to the cutoff; for weekly forecasts, its week's last day; null: none",
        ),
        Column(
            "recent_quantity",
            "DOUBLE",
            "units sold on the last 28 known days, outliers damped",
        ),
        Column("forecast", _BY_STEP, "mean forecast by step"),
        Column("quantiles", "ARRAY<ARRAY<DOUBLE>>", "quantile forecasts by level, then step"),
        Column(
            "metrics",
            f"ARRAY<STRUCT<{_SCORED}, {_WINDOW_SUMS}, {_QUANTILE_SUMS}>>",
            "sums of backtest errors by model, split and window",
        ),
        Column(
            "adjustments",
            "ARRAY<STRUCT<date: DATE, rule: STRING, before: DOUBLE, after: DOUBLE>>",
            "days whose quantity was changed before fitting",
        ),
        Column(
            "error_quantiles",
            "ARRAY<ARRAY<FLOAT>>",
            "quantiles of backtest errors by group of seven steps, then level; null unless quantile_method "
            "is backtest_errors",
        ),
        Column("usual_day", "DOUBLE", "base of the explanation; null in runs of earlier versions"),
        Column(
            "parts",
            "ARRAY<ARRAY<DOUBLE>>",
            "parts of the forecast by group, in the order of the columns of explanations, then step; null "
            "for a group that adds nothing",
        ),
        FORECAST_HASH,
        Column(
            "metric_sums",
            METRIC_SUM_TYPE,
            "in the first row of each part of a batch that was fitted at once: sums of the backtest errors "
            "of its series by segment, model and split; null in other rows",
        ),
        Column(
            "group_sums",
            GROUP_SUM_TYPE,
            "in the same rows: sums of the forecasts by segment and step; null in other rows",
        ),
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
    checks={
        "batch_from_zero": at_least(0, "batch"),
        "finite_usual_day": unless_null("usual_day", units("usual_day")),
        **OUTCOME_CHECKS,
    },
)

STAGED_TABLES = (POOLS, POOLED_TREES, CANDIDATES, FITS)
