"""The sections of models beside those of `forecast`: for a challenger, and for segments of products."""
