"""Columns that several tables of a run have in common."""

from lepton_spark.tables.schemas.constraints import among, at_least, unless_null
from lepton_spark.tables.schemas.schema import Column

DEMAND_CLASS = Column("demand_class", "STRING", "smooth, intermittent, erratic, lumpy, new or obsolete")
STATUS = Column(
    "status", "STRING", "ok, fallback (a simpler forecast stands in) or obsolete (no recent sale: 0)", False
)
REASON = Column("reason", "STRING", "why the status is not ok; null when it is")
FALLBACK = Column("fallback_level", "INT", "0: the chosen model; higher: further down the chain")
OUTCOME = (STATUS, REASON, FALLBACK)
KNOWN_STATUS = among("status", "ok", "fallback", "obsolete")
OUTCOME_CHECKS = {
    "known_status": KNOWN_STATUS,
    "told_why": "status = 'ok' OR reason IS NOT NULL",
    "fallback_from_zero": unless_null("fallback_level", at_least(0, "fallback_level")),
}
"""What a row with these three is held to."""

MODEL = Column("model", "STRING", "the model that made the forecast", False)

CHOICE = (
    DEMAND_CLASS,
    Column(
        "parameters",
        "MAP<STRING, DOUBLE>",
        "the chosen model's settings; dispersion: variance over mean of the quantiles; "
        "prior_level, prior_weight: set by hand",
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
        "negative_binomial (whole units; p50 by trees where they say one), backtest_errors or poisson",
    ),
)
FORECAST_HASH = Column("forecast_hash", "STRING", "hash of the forecasts' bits, to compare runs")
