"""Line identity has 32 hexadecimal digits, those of two hashes with their leading zeros."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import line_hash


def test_line_hash_keeps_leading_zeros(spark: SparkSession) -> None:
    lines = spark.range(2_000).select(F.col("id").cast("string").alias("product_id"))
    halves = (F.xxhash64(F.lit(seed), F.col("product_id")).alias(f"half_{seed}") for seed in (1, 2))
    rows = lines.select(line_hash(["product_id"]).alias("found"), *halves).collect()
    expected = [f"{row['half_1'] % 2**64:016x}{row['half_2'] % 2**64:016x}".upper() for row in rows]
    assert [row["found"] for row in rows] == expected
    assert any(digits.startswith("0") for digits in expected)
