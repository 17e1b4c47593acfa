"""Rolls back interrupted loads, cleans up after finished ones, and takes the lines of files back."""
