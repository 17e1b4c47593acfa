"""Detects how delivered files are written and what their columns mean, for `lepton init`."""
