"""Data frames of callers: typed columns, rejected rows, daily sales, and fits without tables."""
