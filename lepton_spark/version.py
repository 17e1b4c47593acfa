"""The version of the package, which runs record."""

__version__ = "0.1.0"
