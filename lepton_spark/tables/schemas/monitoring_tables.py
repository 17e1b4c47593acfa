"""Monitoring: published forecasts against what was sold."""

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.run_columns import DEMAND_CLASS
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

PRODUCT = "product"
"""Segment of the rows of single series."""

OK, WATCH, ALARM, UNKNOWN = "ok", "watch", "alarm", "unknown"
CLOSED, OUTAGE, LATE = "closed", "outage", "late"
OUT_OF_STOCK, REJECTED = "out_of_stock", "rejected"
STATES = (OK, WATCH, ALARM, UNKNOWN, CLOSED, OUTAGE, LATE, OUT_OF_STOCK, REJECTED)

_NONNEGATIVE = (
    *("forecast", "actual", "abs_error", "naive_abs_error", "wape", "backtest_wape"),
    *("earlier_forecast", "revision", "up", "down"),
)
"""No upper bound: sums of sales near the float limit overflow to infinity."""

MONITORING = Table(
    name="monitoring",
    comment="Published runs against what was sold in the days after them, by series and by segment",
    columns=(
        RUN_ID,
        Column(
            "segment",
            "STRING",
            "product: a series; all, demand_class=.., location=.. or category=..: all its series together",
            False,
        ),
        *SERIES,
        Column("cutoff", "DATE", "last day that the run could see", False),
        Column("last_day", "DATE", "last day of the period; its first is the day after the cutoff", False),
        DEMAND_CLASS,
        Column("n_series", "BIGINT", "number of series with a known day; 1 or 0 for a series", False),
        Column("n_obs", "BIGINT", "days with known sales; for weekly forecasts, weeks", False),
        Column("forecast", "DOUBLE", "units forecast for these days; null without any"),
        Column("actual", "DOUBLE", "units sold on these days; null without any"),
        Column("abs_error", "DOUBLE", "sum of the absolute errors of the days, units"),
        Column("wape", "DOUBLE", "abs_error / actual; null when nothing was sold"),
        Column("bias", "DOUBLE", "(forecast - actual) / actual; above 0 is over-forecasting"),
        Column("coverage", "DOUBLE", "share of the days whose sales lie inside [p10, p90]"),
        Column("naive_abs_error", "DOUBLE", "abs_error of seasonal naive, where the week before is known"),
        Column("value_added", "DOUBLE", "1 - abs_error / naive_abs_error, on the same days"),
        Column("earlier_forecast", "DOUBLE", "units that the run scored before forecast for the same days"),
        Column("revision", "DOUBLE", "sum of absolute changes since that run / earlier_forecast"),
        Column("backtest_wape", "DOUBLE", "wape of the test window of the run's backtest"),
        Column("score", "DOUBLE", "normal score of the units sold under the forecast's distribution"),
        Column("up", "DOUBLE", "sum of the scores of a forecast that is too low; 0 if it is right"),
        Column("down", "DOUBLE", "the same of a forecast that is too high"),
        Column("up_since", "DATE", "last day of the period in which `up` left 0; null if it is 0"),
        Column("down_since", "DATE", "the same of `down`"),
        Column(
            "p_value",
            "DOUBLE",
            "series: probability of sums as large if forecasts are right; segments: of a bias as unusual",
        ),
        Column("state", "STRING", ", ".join(STATES)),
        Column("since", "DATE", "day on which an outage or closure began; of drift the period's last day"),
        Column("reason", "STRING", "why the state is not ok, in words; null when it is"),
    ),
    key=("run_id", "segment", *SERIES_KEY),
    partition_by=("run_id",),
    checks={
        "known_state": unless_null("state", among("state", *STATES)),
        "n_obs_from_zero": at_least(0, "n_obs"),
        "n_series_from_zero": at_least(0, "n_series"),
        "last_day_after_cutoff": "last_day > cutoff",
        **{f"nonnegative_{name}": unless_null(name, at_least(0, name)) for name in _NONNEGATIVE},
        "coverage_is_share": unless_null("coverage", "coverage >= 0 AND coverage <= 1"),
        "p_value_is_probability": unless_null("p_value", "p_value >= 0 AND p_value <= 1"),
        "reason_unless_ok": "state IS NULL OR state = 'ok' OR reason IS NOT NULL",
    },
)

HEALTH = Table(
    name="health",
    comment="What the shop's sales and forecasts as a whole look like in each scored period",
    columns=(
        RUN_ID,
        Column("measure", "STRING", "variance, coverage, mix, fallbacks, volume or revision", False),
        Column("cutoff", "DATE", "last day that the run could see", False),
        Column("last_day", "DATE", "last day of the period", False),
        Column("value", "DOUBLE", "the measure in this period; null where it cannot be known"),
        Column("low", "DOUBLE", "least value that is plausible after the earlier periods; null: too few"),
        Column("high", "DOUBLE", "greatest such value"),
        Column("p_value", "DOUBLE", "probability of a value as far from those of earlier periods"),
        Column("state", "STRING", "ok, watch, alarm, or unknown (fewer than eight earlier periods)", False),
        Column("since", "DATE", "last day of the period in which the state began; null when it is ok"),
        Column("reason", "STRING", "why the state is not ok, in words; null when it is"),
    ),
    key=("run_id", "measure"),
    partition_by=("run_id",),
    checks={
        "known_state": among("state", OK, WATCH, ALARM, UNKNOWN),
        "last_day_after_cutoff": "last_day > cutoff",
        "value_from_zero": unless_null("value", units("value")),
        "low_is_number": unless_null("low", number("low")),
        "high_not_below_low": unless_null("high", "high >= low AND high < double('Infinity')"),
        "p_value_is_probability": unless_null("p_value", "p_value >= 0 AND p_value <= 1"),
        "reason_unless_ok": "state = 'ok' OR reason IS NOT NULL",
    },
)

MONITORING_TABLES = (MONITORING, HEALTH)
