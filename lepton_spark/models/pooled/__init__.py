"""Models that also use what many series have in common."""
