"""Staged tables: what a run works out on its way, from which the others are cut."""

from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.tables.schemas.constraints import among, at_least, unless_null
from lepton_spark.tables.schemas.run_columns import CHOICE, FORECAST_HASH, MODEL, OUTCOME, OUTCOME_CHECKS
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

_BATCH = Column("batch", "INT", "the batch of series that was fitted together", False)

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
        *(Column(factor.name, "ARRAY<DOUBLE>", factor.meaning) for factor in FACTORS),
        Column("reason", "STRING", "why nothing is shared, in the only row then; null where it is"),
    ),
    key=("run_id", "cutoff"),
    partition_by=("run_id",),
    checks={
        "counted_series": unless_null("n_series", at_least(0, "n_series")),
    },
)

POOLED_TREES = Table(
    name="pooled_trees",
    comment="Staged: trees and a regression, trained over a sample of all series, as plain arrays",
    columns=(
        RUN_ID,
        Column("trained_until", "DATE", "the last day that the trees have seen", False),
        Column("part", "INT", "place among the trees of that day", False),
        Column(
            "foretells",
            "STRING",
            "mean, median, linear (regression), or none where nothing was trained",
            False,
        ),
        Column("n_series", "BIGINT", "series of the sample"),
        Column("baseline", "DOUBLE", "what is added to the sum of the trees"),
        Column("feature", "ARRAY<INT>", "by inner node: the feature that is asked for"),
        Column("threshold", "ARRAY<DOUBLE>", "by inner node: at most this goes left"),
        Column("tree", "ARRAY<INT>", "by inner node: which tree it is of"),
        Column("ruled_out", "ARRAY<INT>", "by inner node: bits of the leaves on its left"),
        Column("value", "ARRAY<DOUBLE>", "by tree: its 16 leaves from left to right; of linear: its weights"),
        Column("reason", "STRING", "why nothing was trained; null where it was"),
    ),
    key=("run_id", "trained_until", "part"),
    partition_by=("run_id",),
    checks={
        "known_foretells": among("foretells", "mean", "median", "linear", "none"),
        "counted_parts": at_least(0, "part"),
        "counted_series": unless_null("n_series", at_least(0, "n_series")),
    },
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
        Column(
            "capped_sse",
            "DOUBLE",
            "sum of scaled squared errors on validation windows, capped for class errors",
        ),
        Column("n_scaled", "BIGINT", "scored observations behind capped_sse"),
        Column("windows", f"ARRAY<STRUCT<window: INT, role: STRING, {_WINDOW_SUMS}>>", "sums by window"),
        Column("reason", "STRING", "why the candidate could not be fitted; null when it was"),
    ),
    key=("run_id", *SERIES_KEY, "model"),
    partition_by=("run_id",),
    checks={"counted_batches": at_least(0, "batch")},
)

FITS = Table(
    name="fits",
    comment="Staged: one result row a series, from which the published tables are cut",
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
        FORECAST_HASH,
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
    checks={"counted_batches": at_least(0, "batch"), **OUTCOME_CHECKS},
)

STAGED_TABLES = (POOLS, POOLED_TREES, CANDIDATES, FITS)
