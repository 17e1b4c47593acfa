"""Forecast tables for readers, and the tables that explain the forecasts."""

from dataclasses import replace
from itertools import pairwise

from lepton_spark.models.data.parts import GROUPS
from lepton_spark.tables.schemas.constraints import among, at_least, units, unless_null
from lepton_spark.tables.schemas.run_columns import (
    CHOICE,
    FORECAST_HASH,
    KNOWN_STATUS,
    MODEL,
    OUTCOME,
    OUTCOME_CHECKS,
    OVERRIDE_ID,
    STATUS,
)
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

QUANTILE_LEVELS = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}
"""Level of each published quantile by column name."""


def _forecast_columns(published: bool) -> tuple[Column, ...]:
    """Columns of a forecast row; in the published table, forecast and quantiles are NOT NULL."""
    return (
        RUN_ID,
        *SERIES,
        Column("cutoff", "DATE", "last day the run may see", False),
        Column("date", "DATE", "the forecast day; for weekly forecasts the first day of the week", False),
        Column("step", "INT", "days after the cutoff, from 1; for weekly forecasts, weeks", False),
        Column("forecast", "DOUBLE", "mean demand of the day, or of the week, in units", not published),
        *(
            Column(name, "DOUBLE", f"quantile forecast in units at level {level:.2f}", not published)
            for name, level in QUANTILE_LEVELS.items()
        ),
        MODEL,
        STATUS,
    )


_LEVELS = tuple(QUANTILE_LEVELS)
QUANTILES_ARE_VALID = {
    "finite_quantiles": " AND ".join(units(level) for level in _LEVELS),
    "ordered_quantiles": " AND ".join(f"{low} <= {high}" for low, high in pairwise(_LEVELS)),
}
VALID_STEP = "step >= 1 AND date IN (date_add(cutoff, step), date_add(cutoff, 7 * step - 6))"
"""Condition for `step` and `date`: the day of a daily step, or the first day of a weekly one."""

FORECASTS = Table(
    name="forecasts",
    comment="Forecasts of every run, one row per series and day or week",
    columns=_forecast_columns(published=False),
    key=("run_id", *SERIES_KEY, "date"),
    partition_by=("run_id",),
    checks={
        "steps_from_one": VALID_STEP,
        "known_status": KNOWN_STATUS,
    },
)

LATEST_FORECASTS = Table(
    name="latest_forecasts",
    comment="Forecasts of the published run, replaced in one commit; read this table",
    columns=(
        *_forecast_columns(published=True),
        Column("published_at", "TIMESTAMP", "when the run was published", False),
        Column("valid_until", "DATE", "last day of use: cutoff + publish.valid_days", False),
        Column("model_forecast", "DOUBLE", "the model's own mean; null where no override applies"),
        replace(OVERRIDE_ID, nullable=True),
        Column("override_why", "STRING", "the planner's reason; null without one"),
    ),
    key=(*SERIES_KEY, "date"),
    checks={
        "finite_forecast": units("forecast"),
        "steps_from_one": VALID_STEP,
        "known_status": KNOWN_STATUS,
        "valid_until_not_before_cutoff": "valid_until >= cutoff",
        "finite_model_forecast": unless_null("model_forecast", units("model_forecast")),
        **QUANTILES_ARE_VALID,
    },
)

MODELS = Table(
    name="models",
    comment="One row per series of a run: its model, why it was chosen, and what failed",
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
    comment="Quantities changed before fitting; errors use the sales, and leave out days out of stock",
    columns=(
        RUN_ID,
        *SERIES,
        Column("date", "DATE", "the day; for weekly forecasts the first day of the week", False),
        Column(
            "rule",
            "STRING",
            "spike: far above all earlier sales; stock_out: demand could not be met",
            False,
        ),
        Column("before", "DOUBLE", "units sold"),
        Column(
            "after", "DOUBLE", "units that pooled and shrunk_weekday use instead; null: unknown to all models"
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
    comment="Sums of forecasts by segment: all series, a demand class, a location, a category, a product",
    columns=(
        RUN_ID,
        Column(
            "segment",
            "STRING",
            "all, demand_class=NAME, location=ID, category=NAME, segment=NAME (as configured), or product=ID "
            "(total over locations)",
            False,
        ),
        Column("cutoff", "DATE", "last day the run may see", False),
        Column("step", "INT", "days after the cutoff; for weekly forecasts, weeks", False),
        Column("date", "DATE", "the day; for weekly forecasts the first day of the week", False),
        Column("forecast", "DOUBLE", "sum of the series' mean forecasts in units", False),
        Column("n_series", "BIGINT", "number of series in the segment", False),
    ),
    key=("run_id", "segment", "date"),
    partition_by=("run_id",),
    checks={
        "steps_from_one": VALID_STEP,
        "nonnegative_forecast": at_least(0, "forecast"),
        "n_series_from_one": at_least(1, "n_series"),
    },
)

_SUM = " + ".join(("base", *GROUPS))
_SIZE = " + ".join(f"abs({column})" for column in ("base", *GROUPS))

EXPLANATIONS = Table(
    name="explanations",
    comment="Parts of each forecast in units: a usual day, and what each group of reasons adds to it",
    columns=(
        RUN_ID,
        *SERIES,
        Column("date", "DATE", "the day; for weekly forecasts the first day of the week", False),
        Column("step", "INT", "days after the cutoff, from 1; for weekly forecasts, weeks", False),
        Column(
            "base",
            "DOUBLE",
            "the product's usual day: mean of its known days in the last 364, in units",
            False,
        ),
        *(Column(group, "DOUBLE", f"units added by {meaning}", False) for group, meaning in GROUPS.items()),
        Column("forecast", "DOUBLE", "base and parts added up: the mean forecast of this run", False),
    ),
    key=("run_id", *SERIES_KEY, "date"),
    partition_by=("run_id",),
    checks={
        "step_from_one": at_least(1, "step"),
        "finite_forecast": units("forecast"),
        "finite_parts": f"{_SIZE} < double('Infinity')",
        "parts_add_up": f"abs({_SUM} - forecast) <= 1e-6D + 1e-12D * ({_SIZE})",
    },
)

FORECAST_TABLES = (FORECASTS, LATEST_FORECASTS, MODELS, ADJUSTMENTS, EXPLANATIONS, GROUP_FORECASTS)
