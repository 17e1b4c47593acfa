"""Reports to operators and their systems when a job ends: alerts, Prometheus figures, lineage events."""
