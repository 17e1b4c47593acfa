"""The sections of the configuration, with their checks."""
