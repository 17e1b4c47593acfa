"""Features of the pooled model."""
