"""The page of `lepton explain`: what is known of a product's forecast, in words, a table and a chart."""
