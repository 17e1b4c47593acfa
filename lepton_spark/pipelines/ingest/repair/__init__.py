"""What keeps the tables whole: rolling back, cleaning up after a load, taking lines back."""
