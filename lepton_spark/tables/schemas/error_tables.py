"""Tables of backtest errors."""

from lepton_spark.tables.schemas.constraints import among, at_least, unless_null
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

SEGMENT = "segment"
"""The dimension of configured segments in tables of sums: their rows have the segment `segment=NAME`."""

STANDARD = "standard"
"""Value of `metrics_summary.model`: what the series of a segment would have chosen without it."""

_SPLIT = among("split", "validation", "test")
_N_OBS = unless_null("n_obs", at_least(0, "n_obs"))
_NONNEGATIVE = {
    f"nonnegative_{name}": unless_null(name, at_least(0, name))
    for name in ("sse", "mae", "rmse", "wape", "mase", "rmsse", "pinball", "coverage")
}
"""No upper bound: squared errors of sales near the float limit overflow to infinity."""

_ERRORS = (
    Column("sse", "DOUBLE", "sum of squared errors, units squared"),
    Column("mae", "DOUBLE", "mean absolute error in units"),
    Column("rmse", "DOUBLE", "root mean squared error in units"),
    Column("wape", "DOUBLE", "sum of absolute errors / sum of absolute actuals; null when nothing was sold"),
    Column(
        "bias", "DOUBLE", "sum of (forecast - actual) / sum of absolute actuals; above 0 is over-forecasting"
    ),
    Column(
        "mase",
        "DOUBLE",
        "mean absolute error over the one-step naive error; null when that error is unknown or 0",
    ),
    Column(
        "rmsse", "DOUBLE", "root of (mean squared error / squared one-step naive error); null as for mase"
    ),
    Column(
        "pinball",
        "DOUBLE",
        "mean pinball loss over the published quantiles in units; test window only",
    ),
    Column("coverage", "DOUBLE", "share of actuals inside [p10, p90]; test window only"),
)

METRICS = Table(
    name="metrics",
    comment="Backtest errors by series: the chosen model, the runner-up and seasonal naive",
    columns=(
        RUN_ID,
        *SERIES,
        Column("model", "STRING", "the evaluated model", False),
        Column("role", "STRING", "chosen, runner_up or seasonal_naive", False),
        Column("split", "STRING", "validation or test", False),
        Column("window", "INT", "number of the window: 0 test, 1 the latest validation window, ...", False),
        Column("n_obs", "BIGINT", "days with a known actual; for weekly forecasts, weeks"),
        *_ERRORS,
        Column("abs_error", "DOUBLE", "sum of absolute errors in units"),
        Column("sum_error", "DOUBLE", "sum of (forecast - actual) in units"),
        Column("sum_actual", "DOUBLE", "sum of actuals in units"),
        Column(
            "scaled_sse", "DOUBLE", "sum of squared errors / squared one-step naive error before the window"
        ),
        Column(
            "scaled_abs_error", "DOUBLE", "sum of absolute errors / one-step naive error before the window"
        ),
        Column("pinball_sum", "DOUBLE", "sum of pinball losses over days and quantiles"),
        Column("covered_sum", "DOUBLE", "number of days whose actual lies inside [p10, p90]"),
        Column("n_quantile_obs", "BIGINT", "number of days on which quantiles were evaluated"),
    ),
    key=("run_id", *SERIES_KEY, "model", "role", "split", "window"),
    partition_by=("run_id",),
    checks={
        "known_role": among("role", "chosen", "runner_up", "seasonal_naive"),
        "known_split": _SPLIT,
        "window_from_zero": at_least(0, "window"),
        "nonnegative_n_obs": _N_OBS,
        **_NONNEGATIVE,
    },
)

METRICS_SUMMARY = Table(
    name="metrics_summary",
    comment="Backtest errors by segment, from pooled sums, and the value added over seasonal naive",
    columns=(
        RUN_ID,
        Column("segment", "STRING", "all, demand_class=.., location=.., category=.. or segment=..", False),
        Column(
            "model",
            "STRING",
            "chosen: the model of each series; seasonal_naive: all series; standard: what a segment's series "
            "would have chosen without it; others: series that chose it",
            False,
        ),
        Column("split", "STRING", "validation or test", False),
        Column("n_series", "BIGINT", "number of series evaluated"),
        Column("n_obs", "BIGINT", "days with a known actual; for weekly forecasts, weeks"),
        *_ERRORS,
        Column("value_added", "DOUBLE", "1 - rmsse / rmsse of seasonal naive on the same days"),
    ),
    key=("run_id", "segment", "model", "split"),
    partition_by=("run_id",),
    checks={
        "known_split": _SPLIT,
        "n_series_from_one": unless_null("n_series", at_least(1, "n_series")),
        "nonnegative_n_obs": _N_OBS,
        **_NONNEGATIVE,
    },
)

ERROR_TABLES = (METRICS, METRICS_SUMMARY)
