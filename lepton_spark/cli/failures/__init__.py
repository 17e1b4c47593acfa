"""What a user sees of a failure: one line in words, and nothing else."""
