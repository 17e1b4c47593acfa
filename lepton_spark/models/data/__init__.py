"""What models read: histories of series and what is known of their days."""
