"""How forecasts are scored, chosen and given their quantiles; numpy arrays only."""
