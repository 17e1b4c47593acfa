"""Levels and orders of some series: quantities, services, words."""
