"""One pipeline a job: read, transform, check, write; no formulas."""
