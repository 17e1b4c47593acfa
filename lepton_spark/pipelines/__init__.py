"""The jobs: each reads tables, transforms them, checks the result and writes it; formulas live elsewhere."""
