"""Data sets, origins, models and scores of the accuracy benchmarks."""
