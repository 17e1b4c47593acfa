"""Columns, keys and constraints of all tables."""
