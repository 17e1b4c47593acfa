"""Published runs against what was sold."""
