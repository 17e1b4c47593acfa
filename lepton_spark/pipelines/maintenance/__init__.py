"""Housekeeping: retention, erasure, schema migration."""
