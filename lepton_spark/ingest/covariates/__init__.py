"""Optional inputs beside sales: plans, products, stock, priors."""
