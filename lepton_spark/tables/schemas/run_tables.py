"""The manifest of runs."""

from typing import Literal, get_args

from lepton_spark.tables.schemas.constraints import among, at_least, units, unless_null
from lepton_spark.tables.schemas.schema import Column, Table

Job = Literal["ingest", "panel", "forecast", "publish", "lease"]
State = Literal["running", "complete", "refused", "failed"]

RUNS = Table(
    name="runs",
    comment="The manifest: a run's rows elsewhere count once its state is complete",
    columns=(
        Column("run_id", "STRING", "a hash of job, cutoff, configuration, code and input", False),
        Column("job", "STRING", "ingest, panel, forecast, publish; lease: who may write now", False),
        Column("state", "STRING", "running, complete, refused (by gates) or failed", False),
        Column("cutoff", "DATE", "last day the run may see; null for ingest and panel"),
        Column("started_at", "TIMESTAMP", "when it began", False),
        Column("finished_at", "TIMESTAMP", "when it ended; null while running"),
        Column("seconds", "DOUBLE", "how long it took"),
        Column("config", "STRING", "the resolved configuration as JSON, secrets masked"),
        Column("code_version", "STRING", "package version and a digest of its sources"),
        Column("library_versions", "MAP<STRING, STRING>", "versions of the libraries that results depend on"),
        Column(
            "input_fingerprint",
            "STRING",
            "hash of the load batches up to the cutoff; of a publish run the run that it published",
        ),
        Column("ingest_batch", "STRING", "the load; null for other jobs"),
        Column("load_number", "BIGINT", "order of the loads, from 1; null for other jobs"),
        Column("min_date", "DATE", "earliest day of the load's lines"),
        Column("max_date", "DATE", "latest day of the load's lines"),
        Column(
            "counts",
            "MAP<STRING, BIGINT>",
            "what came in, what went out; of a panel run the version of sales that it packed",
        ),
        Column(
            "gates",
            "ARRAY<STRUCT<name: STRING, passed: BOOLEAN, found: STRING, allowed: STRING>>",
            "what a publish run had to pass; empty for other jobs",
        ),
        Column("horizon", "INT", "days forecast; weeks of weekly forecasts"),
        Column("n_batches", "INT", "batches of series that were fitted together; null for other jobs"),
        Column(
            "holder", "STRING", "of the lease alone: host, process, its start and a token; null when free"
        ),
    ),
    key=("run_id",),
    checks={
        "known_state": among("state", *get_args(State)),
        "known_job": among("job", *get_args(Job)),
        "time_passes": unless_null("seconds", units("seconds")),
        "counted_loads": unless_null("load_number", at_least(1, "load_number")),
        "some_horizon": unless_null("horizon", at_least(1, "horizon")),
        "some_batches": unless_null("n_batches", at_least(0, "n_batches")),
    },
)

RUN_TABLES = (RUNS,)
