"""A challenger configuration that forecasts beside the champion, and replaces it where it wins."""
