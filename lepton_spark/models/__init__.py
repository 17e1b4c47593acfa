"""Forecasters that fit many series at once, and the registry that names them."""
