"""Models that fit each series on its own history."""
