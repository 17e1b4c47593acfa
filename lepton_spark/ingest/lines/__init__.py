"""Raw lines: parsing, validation, deduplication, daily sales."""
