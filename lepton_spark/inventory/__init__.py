"""What to order: demand until a delivery and until the next one, service measures, orders."""
