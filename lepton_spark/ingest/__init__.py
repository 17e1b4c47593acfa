"""Raw files to validated lines, transactions, cancellations and daily sales."""
