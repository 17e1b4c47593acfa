"""What changed from one forecast run to another, and why."""
