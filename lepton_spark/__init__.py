"""lepton_spark: daily sales forecasts for every product, in batches on Spark, into Delta tables."""

__version__ = "0.1.0"
