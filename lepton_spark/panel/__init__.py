"""Daily sales to packed series, and packed series up to a cutoff to dense arrays."""
