"""Delivered files: listing, inspection and reading."""
