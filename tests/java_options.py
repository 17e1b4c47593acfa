"""Java and Spark settings that make short test runs faster."""

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC"
"""Thousands of short plans run faster with the quick compiler alone. Its default code cache of 48 MB fills up
within minutes of a test run, after which Java discards and recompiles code."""

CHECKPOINT_INTERVAL = "spark.databricks.delta.properties.defaults.checkpointInterval"
"""After how many commits Delta writes a checkpoint; a property of each new table."""

SMALL_PLANS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ui.explainMode": "simple",
    CHECKPOINT_INTERVAL: "100",
}
"""For plans over a few rows: interpreted, a quarter faster than compiled, and not replanned between stages.
The log of a dozen commits needs no checkpoint, which would double the time of an append. Tests of
many lines (fixture `compiled`) use the settings of real runs."""

LARGE_PLANS = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "true",
    CHECKPOINT_INTERVAL: "10",
}
"""Spark's and Delta's defaults: interpreting plans over a million lines takes four times as long."""
