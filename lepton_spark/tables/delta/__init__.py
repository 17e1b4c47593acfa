"""Delta operations that need more than a read or a write."""
