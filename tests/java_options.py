"""What Java is told where it lives for a test run."""

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC"
"""Thousands of short plans: the quick compiler alone is faster than waiting for the thorough one. Alone it
keeps 48 MB of code, which a test run fills in minutes; then Java throws code away and makes it again."""

SMALL_PLANS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ui.explainMode": "simple",
    "spark.databricks.delta.properties.defaults.checkpointInterval": "100",
}
"""Plans over a handful of rows are interpreted, a quarter faster than compiled first, and not planned anew
between stages. A log of a dozen commits is read without a checkpoint, with which appends take twice as long.
The tests on a cluster and those of many lines (fixture `compiled`) run as users and the demo do."""

LARGE_PLANS = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "true",
    "spark.databricks.delta.properties.defaults.checkpointInterval": "10",
}
"""Spark's and Delta's own defaults: over a million lines interpreting takes four times as long."""
