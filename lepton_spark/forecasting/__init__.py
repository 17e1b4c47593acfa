"""Grouped pandas UDFs: from packed series to one result row per series."""
