"""Figures, each drawn from result rows or saved predictions."""
