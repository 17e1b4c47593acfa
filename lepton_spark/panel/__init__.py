"""Sales become packed series; packed series and a cutoff become the arrays of a run."""
