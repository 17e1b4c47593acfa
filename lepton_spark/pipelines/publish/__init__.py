"""Publishing a run, and publishing an earlier one again."""
