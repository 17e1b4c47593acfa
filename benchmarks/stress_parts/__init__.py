"""Made-up shops with a known truth, forecast by the numpy core of a real run."""
