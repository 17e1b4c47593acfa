import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lepton_spark.config import SparkSettings
from lepton_spark.errors import ConfigError
from lepton_spark.session import JAVA_OPTIONS, local_settings, open_session


def test_session_has_the_settings_that_change_results(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"
    assert spark.sql("SELECT CAST(TIMESTAMP'2024-07-01 00:00:00' AS STRING)").first() == (
        "2024-07-01 00:00:00",
    )


def test_open_session_reuses_the_running_session_and_resets_its_settings(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Shanghai")
    kept = spark.conf.get("spark.sql.shuffle.partitions")

    again = open_session(SparkSettings(shuffle_partitions=77), "another name")

    assert again is spark
    assert again.conf.get("spark.sql.session.timeZone") == "UTC"
    assert again.conf.get("spark.sql.shuffle.partitions") == kept


def test_new_table_is_readable_by_every_reader(spark: SparkSession, tmp_path: Path) -> None:
    table = str(tmp_path / "ten")
    spark.range(10).selectExpr("id", "current_timestamp() AS at").write.format("delta").save(table)

    assert DeltaTable(table).protocol().min_reader_version == 1
    assert DeltaTable(table).to_pyarrow_table(columns=["id"]).num_rows == 10


def test_python_workers_run_this_python(spark: SparkSession) -> None:
    def executable(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for _ in batches:
            yield pd.DataFrame({"executable": [sys.executable]})

    found = spark.range(1, numPartitions=1).mapInPandas(executable, "executable STRING").first()

    assert found is not None
    assert Path(found["executable"]).samefile(sys.executable)


def test_local_settings_reject_an_option_that_changes_results() -> None:
    settings = SparkSettings(options={"spark.sql.session.timeZone": "Asia/Shanghai"})

    with pytest.raises(
        ConfigError, match=r"spark\.options\.spark\.sql\.session\.timeZone: found 'Asia/Shanghai'"
    ):
        local_settings(settings, [])


def test_local_settings_let_options_replace_the_others() -> None:
    settings = SparkSettings(options={"spark.ui.enabled": "true"}, local_dir="/scratch", driver_memory="3g")

    found = local_settings(settings, [Path("/jars/a.jar"), Path("/jars/b.jar")])

    assert found["spark.ui.enabled"] == "true"
    assert found["spark.local.dir"] == "/scratch"
    assert found["spark.driver.memory"] == "3g"
    assert found["spark.driver.extraClassPath"] == os.pathsep.join(["/jars/a.jar", "/jars/b.jar"])


def test_local_settings_let_java_options_of_the_user_win_by_coming_last() -> None:
    own = "-XX:Tier4InvocationThreshold=5000"
    options = local_settings(SparkSettings(options={JAVA_OPTIONS: own}), [])[JAVA_OPTIONS].split()
    thresholds = [option for option in options if "Tier4Invocation" in option]
    assert thresholds == ["-XX:Tier4InvocationThreshold=500000", own]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("", ["-XX:+UseParallelGC"]),
        ("-XX:+UseStringDeduplication", ["-XX:+UseParallelGC"]),
        ("-Xss4m -XX:+UseG1GC", ["-XX:+UseG1GC"]),
    ],
)
def test_local_settings_name_one_collector(own: str, expected: list[str]) -> None:
    options = local_settings(SparkSettings(options={JAVA_OPTIONS: own}), [])[JAVA_OPTIONS].split()
    assert [option for option in options if option.endswith("GC")] == expected


@pytest.mark.parametrize(
    ("master", "key", "separator"),
    [("local[2]", "spark.driver.extraClassPath", os.pathsep), ("spark://host:7077", "spark.jars", ",")],
)
def test_local_settings_add_the_users_jars_to_deltas(master: str, key: str, separator: str) -> None:
    settings = SparkSettings(master=master, options={key: "/jars/s3.jar"})
    assert (
        local_settings(settings, [Path("/jars/delta.jar")])[key] == f"/jars/delta.jar{separator}/jars/s3.jar"
    )


@pytest.mark.parametrize(
    ("confs", "found"),
    [
        ([], "no spark.sql.extensions="),
        (
            [
                "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
                "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
            ],
            "its settings but not its jars",
        ),
    ],
    ids=["no settings", "no jars"],
)
def test_submitted_session_without_delta_explains_what_to_add(
    tmp_path: Path, confs: list[str], found: str
) -> None:
    job = tmp_path / "job.py"
    job.write_text(
        "import sys\n"
        "from lepton_spark.config import SparkSettings\n"
        "from lepton_spark.errors import SetupError\n"
        "from lepton_spark.session import open_session\n"
        "try:\n"
        "    open_session(SparkSettings(), 'job')\n"
        "except SetupError as fault:\n"
        "    sys.exit(str(fault))\n",
        "utf-8",
    )
    flags = [part for conf in (*confs, "spark.ui.enabled=false") for part in ("--conf", conf)]
    command = [str(Path(sys.executable).parent / "spark-submit"), "--master", "local[1]", *flags, str(job)]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}

    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )

    assert result.returncode == 1
    assert found in result.stdout
    assert "--packages io.delta:delta-spark_4.2_2.13:4.4.0" in result.stdout
    assert "--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension" in result.stdout
    assert (
        "--conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog"
        in result.stdout
    )
