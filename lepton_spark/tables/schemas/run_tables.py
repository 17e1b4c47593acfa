"""The table of runs."""

from typing import Literal, get_args

from lepton_spark.tables.schemas.constraints import among, at_least, units, unless_null
from lepton_spark.tables.schemas.schema import Column, Table

Job = Literal["ingest", "panel", "forecast", "challenger", "publish"]
State = Literal["running", "complete", "refused", "failed"]

RUNS = Table(
    name="runs",
    comment="One row per finished run; its rows in other tables are valid only if its state is complete",
    columns=(
        Column("run_id", "STRING", "hash of job, cutoff, configuration, code and input", False),
        Column(
            "job",
            "STRING",
            "ingest, panel, forecast, challenger (a forecast by the settings of a challenger) or publish",
            False,
        ),
        Column("state", "STRING", "complete, refused (by gates) or failed; in old rows also running", False),
        Column("cutoff", "DATE", "last day the run may see; null for ingest and panel"),
        Column("started_at", "TIMESTAMP", "start of the run", False),
        Column("finished_at", "TIMESTAMP", "end of the run"),
        Column("seconds", "DOUBLE", "duration in seconds"),
        Column("config", "STRING", "the resolved configuration as JSON, secrets masked"),
        Column("code_version", "STRING", "package version and a hash of its source code"),
        Column("library_versions", "MAP<STRING, STRING>", "versions of the libraries that results depend on"),
        Column(
            "input_fingerprint",
            "STRING",
            "hash of the loads up to the cutoff; for a publish run, the run that it published",
        ),
        Column("ingest_batch", "STRING", "the load; null for other jobs"),
        Column("load_number", "BIGINT", "number of the load, from 1; null for other jobs"),
        Column("min_date", "DATE", "earliest day of the load's lines"),
        Column("max_date", "DATE", "latest day of the load's lines"),
        Column(
            "counts",
            "MAP<STRING, BIGINT>",
            "rows read and written; for a panel run, the Delta version of sales that it packed",
        ),
        Column("settings_id", "STRING", "forecast runs: hash of the settings that results depend on"),
        Column(
            "class_models",
            "MAP<STRING, STRING>",
            "forecast runs: the model of each demand class, and of SEGMENT/CLASS, which the next run keeps "
            "unless one is clearly better; empty without a choice",
        ),
        Column(
            "refit_run_id",
            "STRING",
            "the full run whose models and trees this one keeps (forecast.refit_days); null for a full run",
        ),
        Column(
            "chosen_because",
            "STRING",
            "full runs with forecast.refit_days: why the models were chosen anew, in words; else null",
        ),
        Column(
            "gates",
            "ARRAY<STRUCT<name: STRING, passed: BOOLEAN, found: STRING, allowed: STRING>>",
            "results of the gates of a publish run, passed null if not judged; empty for other jobs",
        ),
        Column("horizon", "INT", "number of days forecast; for weekly forecasts, weeks"),
        Column("n_batches", "INT", "number of batches of series; null for other jobs"),
    ),
    key=("run_id",),
    checks={
        "known_state": among("state", *get_args(State)),
        "known_job": among("job", *get_args(Job)),
        "nonnegative_seconds": unless_null("seconds", units("seconds")),
        "load_number_from_one": unless_null("load_number", at_least(1, "load_number")),
        "horizon_from_one": unless_null("horizon", at_least(1, "horizon")),
        "nonnegative_n_batches": unless_null("n_batches", at_least(0, "n_batches")),
    },
)

RUN_TABLES = (RUNS,)
