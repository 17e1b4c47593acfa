"""Tables of what a run's models missed by on backtest windows."""

from lepton_spark.tables.schemas.constraints import among, at_least, unless_null
from lepton_spark.tables.schemas.run_columns import DEMAND_CLASS
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

_SPLIT = among("split", "validation", "test")
_COUNTED = unless_null("n_obs", at_least(0, "n_obs"))
_NEVER_NEGATIVE = {
    f"{name}_never_negative": unless_null(name, at_least(0, name))
    for name in ("sse", "mae", "rmse", "wape", "mase", "rmsse", "pinball", "coverage")
}
"""No upper bound: squares of sales near the float limit are infinite."""

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
    checks={
        "known_role": among("role", "chosen", "runner_up", "seasonal_naive"),
        "known_split": _SPLIT,
        "counted_windows": at_least(0, "window"),
        "counted_days": _COUNTED,
        **_NEVER_NEGATIVE,
    },
)

METRICS_SUMMARY = Table(
    name="metrics_summary",
    comment="Backtest errors of a segment, from pooled sums, and the value added over seasonal naive",
    columns=(
        RUN_ID,
        Column("segment", "STRING", "all, demand_class=.., location=.. or category=..", False),
        Column("model", "STRING", "a model, or 'chosen': what would have been published, by series", False),
        Column("split", "STRING", "validation or test", False),
        Column("n_series", "BIGINT", "series judged"),
        Column("n_obs", "BIGINT", "days with a known actual; weeks of weekly forecasts"),
        *_ERRORS,
        Column("value_added", "DOUBLE", "1 - rmsse / rmsse of seasonal naive over the same days"),
    ),
    key=("run_id", "segment", "model", "split"),
    partition_by=("run_id",),
    checks={
        "known_split": _SPLIT,
        "some_series": unless_null("n_series", at_least(1, "n_series")),
        "counted_days": _COUNTED,
        **_NEVER_NEGATIVE,
    },
)

RESIDUAL_PATHS = Table(
    name="residual_paths",
    comment="How forecasts of sampled series missed along whole backtest windows: for sums over several days",
    columns=(
        RUN_ID,
        *SERIES,
        DEMAND_CLASS,
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
    checks={"counted_windows": at_least(0, "window")},
)

ERROR_TABLES = (METRICS, METRICS_SUMMARY, RESIDUAL_PATHS)
