"""Schemas, keys and constraints of all tables."""
