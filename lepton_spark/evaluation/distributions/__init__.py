"""Distributions of demand over an interval, one for each of many series."""
