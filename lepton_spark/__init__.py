"""lepton_spark: daily sales forecasts for every product of a catalogue, in batches on Spark, into Delta tables."""

__version__ = "0.1.0"
