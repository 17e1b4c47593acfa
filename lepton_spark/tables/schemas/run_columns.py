"""Columns shared by several tables of a run."""

from lepton_spark.tables.schemas.constraints import among, at_least, unless_null
from lepton_spark.tables.schemas.schema import Column

DEMAND_CLASS = Column("demand_class", "STRING", "smooth, intermittent, erratic, lumpy, new or obsolete")
STATUS = Column(
    "status",
    "STRING",
    "ok, short_history (too few days for a backtest, so its error is unknown), fallback (a simpler forecast "
    "is used) or obsolete (no recent sale, forecast 0)",
    False,
)
REASON = Column("reason", "STRING", "why the status is not ok; null when it is ok")
FALLBACK = Column("fallback_level", "INT", "0: the chosen model; higher: further down the fallback chain")
OUTCOME = (STATUS, REASON, FALLBACK)
KNOWN_STATUS = among("status", "ok", "short_history", "fallback", "obsolete")
OUTCOME_CHECKS = {
    "known_status": KNOWN_STATUS,
    "reason_unless_ok": "status = 'ok' OR reason IS NOT NULL",
    "fallback_from_zero": unless_null("fallback_level", at_least(0, "fallback_level")),
}
"""Constraints of tables with the columns `OUTCOME`."""

OVERRIDE_ID = Column(
    "override_id",
    "STRING",
    "the override: hash of its product, location, days, value, factor and known_at",
    False,
)

MODEL = Column("model", "STRING", "the model that made the forecast", False)

CHOICE = (
    DEMAND_CLASS,
    Column(
        "parameters",
        "MAP<STRING, DOUBLE>",
        "settings of the chosen model; dispersion: variance over mean, for the quantiles; "
        "prior_level, prior_weight: set by a planner",
    ),
    Column("coefficients", "MAP<STRING, DOUBLE>", "fitted coefficients by name"),
    Column("runner_up", "STRING", "the second best model; null when no model was selected"),
    Column(
        "margin",
        "DOUBLE",
        "share by which the chosen model's validation error is below the runner-up's; "
        "slightly below 0 when the usual model of a class was kept",
    ),
    Column(
        "choice_level",
        "STRING",
        "whose errors decided: the series' own, those of its class, of its segment, or none (default); for a "
        "series of a configured segment followed by (segment=NAME)",
    ),
    Column(
        "quantile_method",
        "STRING",
        "negative_binomial (whole units; p50 from trees where they predict one); fractions: backtest_errors "
        "or gamma (of the dispersion of the history)",
    ),
)
FORECAST_HASH = Column("forecast_hash", "STRING", "hash of the forecast values, to compare runs")
