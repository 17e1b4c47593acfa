"""Parts of benchmarks/inventory.py."""
