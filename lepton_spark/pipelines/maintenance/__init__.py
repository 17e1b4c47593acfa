"""Maintenance of a warehouse: retention, erasure, schema migration."""
