"""OpenLineage events: which job read and wrote which tables, when, and whether it succeeded."""
