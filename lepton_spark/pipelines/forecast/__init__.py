"""The forecast job."""
