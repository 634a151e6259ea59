"""Ranking a space without one label from it."""
