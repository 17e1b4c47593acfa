"""What a run came to, for people: progress, and the table at its end."""
