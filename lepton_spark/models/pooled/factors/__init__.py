"""Factors of single days that all series share."""
