"""Backtest, choice of a model, quantiles and metrics; numpy arrays only."""
