"""Output for people: progress while a job runs, and the summary at its end."""
