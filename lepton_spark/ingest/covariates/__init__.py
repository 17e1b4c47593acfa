"""Covariates: the optional inputs plans, products, stock and priors."""
