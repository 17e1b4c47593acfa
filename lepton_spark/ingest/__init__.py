"""Raw files to judged lines, transactions, cancellations and sales."""
