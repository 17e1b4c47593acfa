"""The grouped UDFs: pool statistics, training, pass A and pass B."""
