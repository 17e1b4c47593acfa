"""Overrides as they were published, and whether they came closer to the sales than the model."""

from lepton_spark.tables.schemas.constraints import at_least, units, unless_null
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS, QUANTILES_ARE_VALID, VALID_STEP
from lepton_spark.tables.schemas.run_columns import OVERRIDE_ID
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

_OVERRIDE = (
    OVERRIDE_ID,
    Column("value", "DOUBLE", "units that replace the model's; null: see factor"),
    Column("factor", "DOUBLE", "what the model's forecast is multiplied by; null: see value"),
    Column("why", "STRING", "the planner's reason; null without one"),
)
_GIVEN = {name: unless_null(name, units(name)) for name in ("value", "factor")}

APPLIED_OVERRIDES = Table(
    name="applied_overrides",
    comment="Forecasts of published runs that a planner has overridden, one row per series and day or week",
    columns=(
        RUN_ID,
        *SERIES,
        Column("cutoff", "DATE", "last day the run may see", False),
        Column("date", "DATE", "the forecast day; for weekly forecasts the first day of the week", False),
        Column("step", "INT", "days after the cutoff, from 1; for weekly forecasts, weeks", False),
        *_OVERRIDE,
        Column("who", "STRING", "who overrides; null when not given"),
        Column("known_at", "DATE", "first day on which the override was known; 1900-01-01: always", False),
        Column("model_forecast", "DOUBLE", "the model's own mean, units", False),
        Column("forecast", "DOUBLE", "the published mean, units", False),
        *(
            Column(name, "DOUBLE", f"published quantile in units at level {level:.2f}", False)
            for name, level in QUANTILE_LEVELS.items()
        ),
    ),
    key=("run_id", *SERIES_KEY, "date"),
    partition_by=("run_id",),
    checks={
        "steps_from_one": VALID_STEP,
        "finite_model_forecast": units("model_forecast"),
        "finite_forecast": units("forecast"),
        **{f"finite_{name}": check for name, check in _GIVEN.items()},
        **QUANTILES_ARE_VALID,
    },
)

_SUMS = {
    "forecast": "units published for these days; null without any",
    "model_forecast": "units that the model forecast for them",
    "actual": "units sold on them",
    "abs_error": "sum of the absolute errors of the published forecasts, units",
    "model_abs_error": "the same of the model's own",
}

OVERRIDE_SCORES = Table(
    name="override_scores",
    comment="Overrides against what was sold in the days after a published run, one row per series",
    columns=(
        RUN_ID,
        *SERIES,
        Column("cutoff", "DATE", "last day that the run could see", False),
        Column("last_day", "DATE", "last day of the period; its first is the day after the cutoff", False),
        *_OVERRIDE,
        Column("n_obs", "BIGINT", "overridden days with known sales; for weekly forecasts, weeks", False),
        *(Column(name, "DOUBLE", words) for name, words in _SUMS.items()),
        Column("value_added", "DOUBLE", "1 - abs_error / model_abs_error; below 0: the model was closer"),
    ),
    key=("run_id", *SERIES_KEY, "override_id"),
    partition_by=("run_id",),
    checks={
        "n_obs_from_zero": at_least(0, "n_obs"),
        "last_day_after_cutoff": "last_day > cutoff",
        **{f"finite_{name}": check for name, check in _GIVEN.items()},
        **{f"nonnegative_{name}": unless_null(name, at_least(0, name)) for name in _SUMS},
    },
)

OVERRIDE_TABLES = (APPLIED_OVERRIDES, OVERRIDE_SCORES)
