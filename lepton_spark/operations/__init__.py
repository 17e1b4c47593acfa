"""What operators and their systems are told when a job ends: alerts, Prometheus figures, lineage events."""
