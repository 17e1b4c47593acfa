"""Quantile forecasts from backtest errors."""
