"""Parts of `replay.py`."""
