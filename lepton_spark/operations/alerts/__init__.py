"""Alerts: one text about a job, sent by a command or to a webhook."""
