"""Files of text: how they are decoded, and their lines as CSV or JSON."""
