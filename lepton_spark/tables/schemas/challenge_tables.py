"""A challenger's forecasts against the champion's, week by week."""

from lepton_spark.tables.schemas.constraints import at_least
from lepton_spark.tables.schemas.schema import Column, Table

_LOSS = "sum over series and days of the mean pinball loss of p05 to p95, units"

CHALLENGES = Table(
    name="challenges",
    comment="One row per week in which the forecasts of champion and challenger were compared with sales",
    columns=(
        Column("champion_settings", "STRING", "runs.settings_id of the champion", False),
        Column("challenger_settings", "STRING", "runs.settings_id of the challenger", False),
        Column("cutoff", "DATE", "last day that both runs could see", False),
        Column("last_day", "DATE", "last day of the week", False),
        Column("champion_run_id", "STRING", "the champion's run", False),
        Column("challenger_run_id", "STRING", "the challenger's run", False),
        Column("n_obs", "BIGINT", "days of series with known sales and both forecasts", False),
        Column("actual", "DOUBLE", "units sold on these days", False),
        Column("champion_loss", "DOUBLE", f"of the champion: {_LOSS}", False),
        Column("challenger_loss", "DOUBLE", f"of the challenger: {_LOSS}", False),
    ),
    key=("champion_settings", "challenger_settings", "cutoff"),
    checks={
        "last_day_after_cutoff": "last_day > cutoff",
        **{
            f"nonnegative_{name}": at_least(0, name)
            for name in ("n_obs", "actual", "champion_loss", "challenger_loss")
        },
    },
)

CHALLENGE_TABLES = (CHALLENGES,)
