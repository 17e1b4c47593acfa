"""The run log, run ids and the lease."""
