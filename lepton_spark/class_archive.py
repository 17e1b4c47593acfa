"""Archives Java's loaded classes, from which local sessions then start faster.

Command: `python -m lepton_spark.class_archive`; about a minute and 200 MB. Java ignores an archive that
another version of Java or other jars have made.
"""

import sys
import tempfile
from pathlib import Path

from delta.tables import DeltaTable
from py4j.java_gateway import JavaGateway
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import SparkSettings
from lepton_spark.errors import SetupError
from lepton_spark.session import JAVA_OPTIONS, class_archive, open_session


def write_archive() -> Path | None:
    """The archive, made anew in a Java process of its own; None where Java makes none."""
    archive = class_archive()
    archive.unlink(missing_ok=True)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".archiving-") as folder:
        made = Path(folder) / archive.name
        option = f'"-XX:ArchiveClassesAtExit={made}"'
        spark = open_session(SparkSettings(options={JAVA_OPTIONS: option}), "class archive")
        _use_classes(spark, Path(folder))
        _end(spark)
        if not made.exists():
            return None
        made.replace(archive)
    return archive


def _use_classes(spark: SparkSession, folder: Path) -> None:
    """Does what a run does to tables and files, so that Java loads the classes for it."""
    rows = spark.range(1_000).withColumn("key", F.col("id").cast("string"))
    table, text = str(folder / "table"), str(folder / "text")
    rows.write.format("delta").save(table)
    rows.write.format("delta").mode("append").save(table)
    same_key = "old.id = new.id and old.id < 5"
    merge = DeltaTable.forPath(spark, table).alias("old").merge(rows.alias("new"), same_key)
    merge.whenMatchedDelete().execute()
    rows.write.csv(text)
    read = spark.read.schema(rows.schema).csv(text)
    sums = read.groupBy("key").agg(F.sum("id").alias("sum"), F.collect_list("id"))
    sums.join(rows, "key").orderBy("key").collect()
    rows.groupBy("key").applyInPandas(lambda group: group, rows.schema).count()


def _end(spark: SparkSession) -> None:
    """Stops Spark and waits until Java has ended, which writes the archive."""
    gateway: JavaGateway = spark.sparkContext._gateway  # noqa: SLF001 - PySpark has no public way
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def main() -> int:
    """Makes the archive; prints one line. Without an archive, sessions start as Java does by default."""
    try:
        archive = write_archive()
    except SetupError as fault:
        sys.stderr.write(f"{fault}\n")
        return fault.exit_code
    sys.stdout.write("Java makes no archive of classes\n" if archive is None else f"classes in {archive}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
