"""Forecasting models that fit many series at once, and their registry; numpy arrays only."""
