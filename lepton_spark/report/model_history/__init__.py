"""A product's models over the runs that are kept, and how wrong they were."""
