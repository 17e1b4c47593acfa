"""Tables that readers take forecasts from, and what tells how they came about."""

from itertools import pairwise

from lepton_spark.tables.schemas.constraints import among, at_least, units, unless_null
from lepton_spark.tables.schemas.run_columns import (
    CHOICE,
    FORECAST_HASH,
    KNOWN_STATUS,
    MODEL,
    OUTCOME,
    OUTCOME_CHECKS,
    STATUS,
)
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

QUANTILE_LEVELS = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}
"""The published quantile forecasts by column."""


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
        MODEL,
        STATUS,
    )


_LEVELS = tuple(QUANTILE_LEVELS)
_QUANTILES = {
    "finite_quantiles": " AND ".join(units(level) for level in _LEVELS),
    "rising_quantiles": " AND ".join(f"{low} <= {high}" for low, high in pairwise(_LEVELS)),
}
_STEPS = "step >= 1 AND date IN (date_add(cutoff, step), date_add(cutoff, 7 * step - 6))"

FORECASTS = Table(
    name="forecasts",
    comment="One product-day ahead, or product-week, of every run",
    columns=_forecast_columns(published=False),
    key=("run_id", *SERIES_KEY, "date"),
    partition_by=("run_id",),
    checks={
        "steps_from_one": _STEPS,
        "known_status": KNOWN_STATUS,
    },
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
        "finite_forecast": units("forecast"),
        "steps_from_one": _STEPS,
        "known_status": KNOWN_STATUS,
        "valid_ahead": "valid_until >= cutoff",
        **_QUANTILES,
    },
)

MODELS = Table(
    name="models",
    comment="One row for every series that entered a run: which model, why, and what stood in the way",
    columns=(
        RUN_ID,
        *SERIES,
        MODEL,
        *CHOICE,
        *OUTCOME,
        FORECAST_HASH,
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
    checks=OUTCOME_CHECKS,
)

ADJUSTMENTS = Table(
    name="adjustments",
    comment="What cleaning changed before fitting; errors are measured against what was sold",
    columns=(
        RUN_ID,
        *SERIES,
        Column("date", "DATE", "the day, or a week's first", False),
        Column(
            "rule",
            "STRING",
            "spike: far beyond all sales before it; stock_out: demand could not be met",
            False,
        ),
        Column("before", "DOUBLE", "units sold"),
        Column(
            "after", "DOUBLE", "units that pooled and shrunk_weekday were given; null: unknown to all models"
        ),
    ),
    key=("run_id", *SERIES_KEY, "date", "rule"),
    partition_by=("run_id",),
    checks={
        "known_rule": among("rule", "spike", "stock_out"),
        "finite_before": unless_null("before", units("before")),
        "finite_after": unless_null("after", units("after")),
    },
)

GROUP_FORECASTS = Table(
    name="group_forecasts",
    comment="Sums of the members' forecasts for a segment: everything, a class, a location, a product",
    columns=(
        RUN_ID,
        Column(
            "segment",
            "STRING",
            "all, demand_class=NAME, location=ID, category=NAME, or product=ID: its total over locations",
            False,
        ),
        Column("cutoff", "DATE", "the last day that a model saw", False),
        Column("step", "INT", "days after the cutoff; weeks of weekly forecasts", False),
        Column("date", "DATE", "the day, or a week's first", False),
        Column("forecast", "DOUBLE", "units, the sum of the members' means", False),
        Column("n_series", "BIGINT", "members", False),
    ),
    key=("run_id", "segment", "date"),
    partition_by=("run_id",),
    checks={
        "steps_from_one": _STEPS,
        "never_negative": at_least(0, "forecast"),
        "some_members": at_least(1, "n_series"),
    },
)

FORECAST_TABLES = (FORECASTS, LATEST_FORECASTS, MODELS, ADJUSTMENTS, GROUP_FORECASTS)
