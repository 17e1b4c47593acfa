"""Opens the SparkSession: the running one, as under spark-submit, or else a new local one."""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException, PySparkRuntimeError
from pyspark.sql import SparkSession

from lepton_spark.config import SparkSettings
from lepton_spark.delta_jars import delta_coordinate, fetch_jars, find_jars, jars_folder
from lepton_spark.errors import ConfigError, Fault, SetupError, explain
from lepton_spark.java import require_java

log = logging.getLogger(__name__)

RESULT_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.storeAssignmentPolicy": "ANSI",
        "spark.sql.caseSensitive": "false",
        "spark.sql.legacy.timeParserPolicy": "CORRECTED",
        "spark.sql.legacy.parquet.nanosAsLong": "true",  # otherwise Parquet files of pandas cannot be read
        "spark.sql.timestampType": "TIMESTAMP_LTZ",  # TIMESTAMP_NTZ would need a newer table reader
        "spark.sql.sources.partitionOverwriteMode": "static",
        "spark.sql.files.ignoreCorruptFiles": "false",  # a file is read completely or not at all
        "spark.sql.files.ignoreMissingFiles": "false",
        "spark.databricks.delta.schema.autoMerge.enabled": "false",
        "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",  # need reader version 3
        "spark.databricks.delta.properties.defaults.columnMapping.mode": "none",
        "spark.sql.variable.substitute": "false",  # `${...}` in a path is a name, not a variable
    }
)
"""Settings that results depend on; set in every session, also on a cluster."""

DELTA_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
)
"""Static settings: a running session must have been started with them."""

_LOCAL_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",  # needs no network and no resolvable host name
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # it is three in ten calls to Java
        "spark.sql.inMemoryColumnarStorage.compressed": "false",  # cached lines are read a few times only
        "spark.databricks.delta.snapshotPartitions": "1",  # the default of 50 tasks adds 4 s to a small write
    }
)
"""Defaults of local sessions, mostly for speed; options replace them (docs/adr/0002-local-session.md)."""

JAVA_OPTIONS = "spark.driver.extraJavaOptions"

_LATE_OPTIMIZING = " ".join(
    f"-XX:Tier4{name}={threshold}"
    for name, threshold in {
        "InvocationThreshold": 500_000,
        "MinInvocationThreshold": 60_000,
        "CompileThreshold": 1_500_000,
        "BackEdgeThreshold": 4_000_000,
    }.items()
)
"""A hundred times Java's defaults: only code that runs very often pays for the optimizing compiler, which
otherwise takes much of a short job's processor time (docs/experiments/speed.md)."""


def open_session(settings: SparkSettings, app_name: str, running: SparkSession | None = None) -> SparkSession:
    """The running session if there is one, otherwise a new one; only a new one gets these settings.

    running: the session to use of several.

    Raises: SetupError without Java or Delta; ConfigError when an option would change results.
    """
    if running is not None or _is_running():
        return _adopt(running or SparkSession.builder.getOrCreate())
    return _start(settings, app_name)


@contextmanager
def result_settings(spark: SparkSession) -> Iterator[None]:
    """Sets what results depend on while the block runs, in a session that belongs to someone else."""
    before = {key: spark.conf.get(key, None) for key in RESULT_SETTINGS}
    for key, value in RESULT_SETTINGS.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key, old in before.items():
            spark.conf.unset(key) if old is None else spark.conf.set(key, old)


def _is_running() -> bool:
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ or "SPARK_REMOTE" in os.environ
    return submitted or SparkSession.getActiveSession() is not None


def _adopt(spark: SparkSession) -> SparkSession:
    _require_delta(spark)
    for key, value in RESULT_SETTINGS.items():
        spark.conf.set(key, value)
    return spark


def _require_delta(spark: SparkSession) -> None:
    missing = [
        f"{key}={value}"
        for key, value in DELTA_SETTINGS.items()
        if value.rpartition(".")[2] not in (spark.conf.get(key, "") or "")
    ]
    if missing:
        raise SetupError(_delta_message(f"no {' and no '.join(missing)}"))
    try:
        spark.catalog.databaseExists("default")  # loads the catalog's class
    except (PySparkException, Py4JJavaError) as fault:
        raise SetupError(_delta_message("its settings but not its jars")) from fault


def _delta_message(found: str) -> str:
    lines = "".join(f" --conf {key}={value}" for key, value in DELTA_SETTINGS.items())
    remedy = f"Add to spark-submit: --packages {delta_coordinate()}{lines}"
    return explain("Delta in the running Spark session", found, "its jars and both settings", remedy)


def _start(settings: SparkSettings, app_name: str) -> SparkSession:
    require_java()
    # By default PySpark would start its workers with the first python3 on the PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(app_name).master(settings.master)
    for key, value in local_settings(settings, _jars()).items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as fault:
        remedy = "See Java's message above; if memory was short, try --set spark.driver_memory=1g."
        raise SetupError(
            explain("Spark's Java process", "none, it exited at start-up", "a running process", remedy)
        ) from fault


def _jars() -> list[Path]:
    present = find_jars()
    if present is not None:
        return present
    log.warning("downloading Delta's jars into %s; needed once", jars_folder())
    return fetch_jars()


def local_settings(settings: SparkSettings, jars: list[Path]) -> dict[str, str]:
    """All settings of a new session.

    `settings.options` may add settings and jars, and replace settings that do not change results.

    Raises: ConfigError when an option would change results.
    """
    faults = [
        Fault("configuration", f"spark.options.{key}", repr(found), allowed)
        for key, found, allowed in contradictions(settings)
    ]
    if faults:
        raise ConfigError(faults)
    local_dir = {} if settings.local_dir is None else {"spark.local.dir": settings.local_dir}
    return {
        **_LOCAL_SETTINGS,
        "spark.driver.memory": settings.driver_memory,
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.sql.warehouse.dir": _unused_warehouse(),
        **local_dir,
        **settings.options,
        **_class_path(settings, jars),
        JAVA_OPTIONS: _java_options(settings.options.get(JAVA_OPTIONS, "")),
        **RESULT_SETTINGS,
        **DELTA_SETTINGS,
    }


def contradictions(settings: SparkSettings) -> list[tuple[str, str, str]]:
    """(option, found, allowed) for each option that would change results."""
    fixed = {**RESULT_SETTINGS, **DELTA_SETTINGS}
    return [
        (key, value, f"{fixed[key]!r}, because results depend on it")
        for key, value in settings.options.items()
        if value != fixed.get(key, value)
    ]


def _class_path(settings: SparkSettings, jars: list[Path]) -> dict[str, str]:
    """Delta's jars before those of `settings.options`; local executors share the driver's class path."""
    local = settings.master.startswith("local")
    key, separator = ("spark.driver.extraClassPath", os.pathsep) if local else ("spark.jars", ",")
    given = settings.options.get(key)
    return {key: separator.join([*map(str, jars), *([given] if given else [])])}


def _unused_warehouse() -> str:
    """Spark creates a folder for its unused `default` schema; this keeps it out of the working folder."""
    return str(Path(tempfile.gettempdir()) / "lepton-spark-default-schema")


def _java_options(given: str) -> str:
    """The options for Java; those of the user come last and win, and only one may name a collector."""
    with as_file(files("lepton_spark") / "log4j2.properties") as path:
        quiet_log = f"-Dlog4j2.configurationFile={path.as_uri()}"
    archive = class_archive()
    use = [f'"-XX:SharedArchiveFile={archive}"'] if archive.exists() else []
    collector = [] if re.search(r"-XX:\+Use\w+GC\b", given) else ["-XX:+UseParallelGC"]
    quiet_archive = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    return " ".join([quiet_log, _LATE_OPTIMIZING, *collector, *use, *quiet_archive, given])


def class_archive() -> Path:
    """Where `lepton_spark.class_archive` keeps the classes from which Java starts faster."""
    return Path(sys.prefix) / "share" / "lepton_spark" / "classes.jsa"
