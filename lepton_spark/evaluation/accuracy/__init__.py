"""Errors as sums, metrics of these sums, and errors by demand class."""
